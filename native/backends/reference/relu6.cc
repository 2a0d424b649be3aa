#include "backends/reference/elementwise.h"
#include "backends/reference/ops.h"

namespace slimnet::reference {

constexpr OpEntry kRelu6{
    .prepare = [](const NodeContext& node) { return Unary(node, [](double x) { return Relu6(x); }); }};

}  // namespace slimnet::reference
