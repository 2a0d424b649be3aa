#include "backends/reference/softmax.h"

#include "backends/reference/ops.h"

namespace slimnet::reference {

std::unique_ptr<Kernel> PrepareSoftmax(const NodeContext& node) {
  return SoftmaxOf(node, [](double shifted, double sum) { return std::exp(shifted) / sum; });
}

}  // namespace slimnet::reference
