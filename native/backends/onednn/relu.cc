#include "backends/onednn/activation.h"
#include "backends/onednn/unary.h"

namespace slimnet::onednn {

std::unique_ptr<Kernel> PrepareRelu(const OpContext& context) { return UnaryKernel(context, Relu{}); }

}  // namespace slimnet::onednn
