#include "backends/reference/ops.h"
#include "backends/reference/pooling_backward.h"

namespace slimnet::reference {
namespace {

std::unique_ptr<Kernel> PrepareAvgPool2dBackward(const NodeContext& node) {
  return PoolBackward(node, std::get<AvgPool2dBackwardAttrs>(node.node.attrs), 0,
                      [](const Window& window, int64_t oy, int64_t ox, const auto&, const auto& add) {
                        int64_t taps = 0;
                        window.ForEachTap(oy, ox, [&](int64_t) { ++taps; });
                        window.ForEachTap(oy, ox, [&](int64_t pixel) { add(pixel, 1.0 / static_cast<double>(taps)); });
                      });
}

}  // namespace

constexpr OpEntry kAvgPool2dBackward{.prepare = PrepareAvgPool2dBackward};

}  // namespace slimnet::reference
