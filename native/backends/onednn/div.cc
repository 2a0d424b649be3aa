#include "backends/onednn/broadcast.h"
#include "backends/onednn/ops.h"

namespace slimnet::onednn {

constexpr OpEntry kDiv{
    .prepare = [](const OpContext& context) { return BinaryKernel(context, [](float x, float y) { return x / y; }); }};

}  // namespace slimnet::onednn
