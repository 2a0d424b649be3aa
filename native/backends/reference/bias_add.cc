#include "backends/reference/elementwise.h"
#include "backends/reference/ops.h"

namespace slimnet::reference {

// A bias [C] stretches over [..., C] as any other operand does.
constexpr OpEntry kBiasAdd{
    .prepare = [](const NodeContext& node) { return Binary(node, [](double x, double bias) { return x + bias; }); }};

}  // namespace slimnet::reference
