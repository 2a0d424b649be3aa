#include <cmath>

#include "backends/reference/elementwise.h"
#include "backends/reference/ops.h"

namespace slimnet::reference {

constexpr OpEntry kRsqrt{
    .prepare = [](const NodeContext& node) { return Unary(node, [](double x) { return 1 / std::sqrt(x); }); }};

}  // namespace slimnet::reference
