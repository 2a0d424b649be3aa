#include "backends/cudnn/kernels/broadcast.cc"
#include "backends/cudnn/kernels/elementwise.cc"
#include "backends/cudnn/kernels/operand.cc"
