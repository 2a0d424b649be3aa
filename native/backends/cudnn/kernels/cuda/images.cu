#include "backends/cudnn/kernels/direct.cc"
#include "backends/cudnn/kernels/norm.cc"
#include "backends/cudnn/kernels/pack.cc"
#include "backends/cudnn/kernels/pool.cc"
