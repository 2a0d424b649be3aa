#include "backends/reference/elementwise.h"
#include "backends/reference/ops.h"

namespace slimnet::reference {

constexpr OpEntry kRelu{
    .prepare = [](const NodeContext& node) { return Unary(node, [](double x) { return Relu(x); }); }};

}  // namespace slimnet::reference
