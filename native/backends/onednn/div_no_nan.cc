#include "backends/onednn/broadcast.h"
#include "backends/onednn/ops.h"

namespace slimnet::onednn {

constexpr OpEntry kDivNoNan{.prepare = [](const OpContext& context) {
  return BinaryKernel(context, [](float x, float y) { return y == 0 ? 0.0F : x / y; });
}};

}  // namespace slimnet::onednn
