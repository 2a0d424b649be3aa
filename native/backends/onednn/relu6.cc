#include "backends/onednn/activation.h"
#include "backends/onednn/unary.h"

namespace slimnet::onednn {

constexpr OpEntry kRelu6{.prepare = [](const OpContext& context) { return UnaryKernel(context, Relu6{}); }};

}  // namespace slimnet::onednn
