#include <cmath>

#include "backends/reference/elementwise.h"
#include "backends/reference/ops.h"

namespace slimnet::reference {

constexpr OpEntry kLog1p{
    .prepare = [](const NodeContext& node) { return Unary(node, [](double x) { return std::log1p(x); }); }};

}  // namespace slimnet::reference
