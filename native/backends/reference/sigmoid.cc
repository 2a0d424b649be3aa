#include <cmath>

#include "backends/reference/elementwise.h"
#include "backends/reference/ops.h"

namespace slimnet::reference {

std::unique_ptr<Kernel> PrepareSigmoid(const NodeContext& node) {
  return Unary(node, [](double x) { return 1 / (1 + std::exp(-x)); });
}

}  // namespace slimnet::reference
