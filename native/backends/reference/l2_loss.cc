#include "backends/reference/ops.h"
#include "backends/reference/reduction.h"

namespace slimnet::reference {

constexpr OpEntry kL2Loss{.prepare = [](const NodeContext& node) {
  return Reduce(node, {}, [](double x) { return x * x; }, [](double sum, double) { return sum / 2; });
}};

}  // namespace slimnet::reference
