#include "backends/cudnn/kernels/rank.cc"
#include "backends/cudnn/kernels/reduction.cc"
#include "backends/cudnn/kernels/softmax.cc"
