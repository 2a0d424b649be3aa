#include "backends/reference/elementwise.h"
#include "backends/reference/ops.h"

namespace slimnet::reference {

std::unique_ptr<Kernel> PrepareRelu6(const NodeContext& node) {
  return Unary(node, [](double x) { return Relu6(x); });
}

}  // namespace slimnet::reference
