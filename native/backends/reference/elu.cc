#include <cmath>

#include "backends/reference/elementwise.h"
#include "backends/reference/ops.h"

namespace slimnet::reference {

constexpr OpEntry kElu{
    .prepare = [](const NodeContext& node) { return Unary(node, [](double x) { return x < 0 ? std::expm1(x) : x; }); }};

}  // namespace slimnet::reference
