#include "backends/onednn/activation.h"
#include "backends/onednn/unary.h"

namespace slimnet::onednn {

std::unique_ptr<Kernel> PrepareRelu6(const OpContext& context) { return UnaryKernel(context, Relu6{}); }

}  // namespace slimnet::onednn
