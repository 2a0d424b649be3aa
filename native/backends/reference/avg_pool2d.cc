#include "backends/reference/ops.h"
#include "backends/reference/pooling.h"

namespace slimnet::reference {

constexpr OpEntry kAvgPool2d{.prepare = [](const NodeContext& node) {
  return Pool(
      node, std::get<AvgPool2dAttrs>(node.node.attrs), 0.0, [](double sum, double value) { return sum + value; },
      [](double sum, double taps) { return sum / taps; });
}};

}  // namespace slimnet::reference
