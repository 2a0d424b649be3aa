#include "backends/reference/ops.h"
#include "backends/reference/reduction.h"

namespace slimnet::reference {

constexpr OpEntry kReduceSum{.prepare = [](const NodeContext& node) {
  return Reduce(
      node, std::get<ReduceSumAttrs>(node.node.attrs).axes, [](double x) { return x; },
      [](double sum, double) { return sum; });
}};

}  // namespace slimnet::reference
