#include <cmath>

#include "backends/reference/elementwise.h"
#include "backends/reference/ops.h"

namespace slimnet::reference {

constexpr OpEntry kExp{
    .prepare = [](const NodeContext& node) { return Unary(node, [](double x) { return std::exp(x); }); }};

}  // namespace slimnet::reference
