#include <cmath>

#include "backends/reference/ops.h"
#include "backends/reference/pooling_backward.h"

namespace slimnet::reference {
namespace {

std::unique_ptr<Kernel> PrepareMaxPool2dBackward(const NodeContext& node) {
  return PoolBackward(node, std::get<MaxPool2dBackwardAttrs>(node.node.attrs), 1,
                      [](const Window& window, int64_t oy, int64_t ox, const auto& at, const auto& add) {
                        int64_t first = -1;
                        double largest = 0;
                        window.ForEachTap(oy, ox, [&](int64_t pixel) {
                          const double value = at(pixel);
                          const bool wins = value > largest || (std::isnan(value) && !std::isnan(largest));
                          if (first >= 0 && !wins) return;
                          first = pixel;
                          largest = value;
                        });
                        add(first, 1);
                      });
}

}  // namespace

constexpr OpEntry kMaxPool2dBackward{.prepare = PrepareMaxPool2dBackward};

}  // namespace slimnet::reference
