#include <cmath>

#include "backends/reference/elementwise.h"
#include "backends/reference/ops.h"

namespace slimnet::reference {

std::unique_ptr<Kernel> PrepareAbs(const NodeContext& node) {
  return Unary(node, [](double x) { return std::abs(x); });
}

}  // namespace slimnet::reference
