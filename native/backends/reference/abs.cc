#include <cmath>

#include "backends/reference/elementwise.h"
#include "backends/reference/ops.h"

namespace slimnet::reference {

constexpr OpEntry kAbs{
    .prepare = [](const NodeContext& node) { return Unary(node, [](double x) { return std::abs(x); }); }};

}  // namespace slimnet::reference
