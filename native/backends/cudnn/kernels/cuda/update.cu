#include "backends/cudnn/kernels/classes.cc"
#include "backends/cudnn/kernels/dropout.cc"
#include "backends/cudnn/kernels/update.cc"
