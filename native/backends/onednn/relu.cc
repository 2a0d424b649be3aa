#include "backends/onednn/activation.h"
#include "backends/onednn/unary.h"

namespace slimnet::onednn {

constexpr OpEntry kRelu{.prepare = [](const OpContext& context) { return UnaryKernel(context, Relu{}); }};

}  // namespace slimnet::onednn
