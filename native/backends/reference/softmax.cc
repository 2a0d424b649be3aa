#include "backends/reference/softmax.h"

#include "backends/reference/ops.h"

namespace slimnet::reference {

constexpr OpEntry kSoftmax{.prepare = [](const NodeContext& node) {
  return SoftmaxOf(node, [](double shifted, double sum) { return std::exp(shifted) / sum; });
}};

}  // namespace slimnet::reference
