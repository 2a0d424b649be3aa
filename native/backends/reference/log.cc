#include <cmath>

#include "backends/reference/elementwise.h"
#include "backends/reference/ops.h"

namespace slimnet::reference {

constexpr OpEntry kLog{
    .prepare = [](const NodeContext& node) { return Unary(node, [](double x) { return std::log(x); }); }};

}  // namespace slimnet::reference
