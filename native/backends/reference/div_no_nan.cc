#include "backends/reference/elementwise.h"
#include "backends/reference/ops.h"

namespace slimnet::reference {

constexpr OpEntry kDivNoNan{.prepare = [](const NodeContext& node) {
  return Binary(node, [](double x, double y) { return y == 0 ? 0 : x / y; });
}};

}  // namespace slimnet::reference
