#include <cmath>

#include "backends/reference/elementwise.h"
#include "backends/reference/ops.h"

namespace slimnet::reference {
namespace {

std::unique_ptr<Kernel> PrepareReluBackward(const NodeContext& node) {
  const double limit = std::get<ReluBackwardAttrs>(node.node.attrs).limit;
  return Binary(node, [limit, limited = std::isfinite(limit)](double y, double dy) {
    return y > 0 && !(limited && y >= limit) ? dy : 0;
  });
}

}  // namespace

constexpr OpEntry kReluBackward{.prepare = PrepareReluBackward};

}  // namespace slimnet::reference
