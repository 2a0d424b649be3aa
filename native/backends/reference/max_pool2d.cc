#include <cmath>
#include <limits>

#include "backends/reference/ops.h"
#include "backends/reference/pooling.h"

namespace slimnet::reference {

// A NaN in a window wins: it is a sign of trouble that should not vanish. (TensorFlow leaves open what it does.)
constexpr OpEntry kMaxPool2d{.prepare = [](const NodeContext& node) {
  return Pool(
      node, std::get<MaxPool2dAttrs>(node.node.attrs), -std::numeric_limits<double>::infinity(),
      [](double best, double value) { return value > best || std::isnan(value) ? value : best; },
      [](double best, double) { return best; });
}};

}  // namespace slimnet::reference
