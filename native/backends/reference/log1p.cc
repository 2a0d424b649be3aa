#include <cmath>

#include "backends/reference/elementwise.h"
#include "backends/reference/ops.h"

namespace slimnet::reference {

std::unique_ptr<Kernel> PrepareLog1p(const NodeContext& node) {
  return Unary(node, [](double x) { return std::log1p(x); });
}

}  // namespace slimnet::reference
