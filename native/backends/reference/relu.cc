#include "backends/reference/elementwise.h"
#include "backends/reference/ops.h"

namespace slimnet::reference {

std::unique_ptr<Kernel> PrepareRelu(const NodeContext& node) {
  return Unary(node, [](double x) { return Relu(x); });
}

}  // namespace slimnet::reference
