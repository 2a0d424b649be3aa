#include "backends/cudnn/kernels/cast.cc"
#include "backends/cudnn/kernels/move.cc"
