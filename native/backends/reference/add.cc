#include "backends/reference/elementwise.h"
#include "backends/reference/ops.h"

namespace slimnet::reference {

constexpr OpEntry kAdd{.fuses = FusesActivation, .prepare = [](const NodeContext& node) {
                         return Binary(node, [](double x, double y) { return x + y; });
                       }};

}  // namespace slimnet::reference
