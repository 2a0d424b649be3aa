#include <cmath>

#include "backends/reference/elementwise.h"
#include "backends/reference/ops.h"

namespace slimnet::reference {

constexpr OpEntry kSigmoid{
    .prepare = [](const NodeContext& node) { return Unary(node, [](double x) { return 1 / (1 + std::exp(-x)); }); }};

}  // namespace slimnet::reference
