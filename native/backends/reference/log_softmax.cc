#include "backends/reference/ops.h"
#include "backends/reference/softmax.h"

namespace slimnet::reference {

constexpr OpEntry kLogSoftmax{.prepare = [](const NodeContext& node) {
  return SoftmaxOf(node, [](double shifted, double sum) { return shifted - std::log(sum); });
}};

}  // namespace slimnet::reference
