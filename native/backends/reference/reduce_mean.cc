#include "backends/reference/ops.h"
#include "backends/reference/reduction.h"

namespace slimnet::reference {

// The mean of nothing is NaN, as in TensorFlow.
constexpr OpEntry kReduceMean{.prepare = [](const NodeContext& node) {
  return Reduce(
      node, std::get<ReduceMeanAttrs>(node.node.attrs).axes, [](double x) { return x; },
      [](double sum, double count) { return sum / count; });
}};

}  // namespace slimnet::reference
