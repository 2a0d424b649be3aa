#include <string>

#include "backends/cpu/kernels.h"
#include "base/error.h"

namespace slimnet::cpu {

std::unique_ptr<Kernel> PrepareSource(const NodeContext& node) {
  const std::string op(Info(node.node.op).name);
  throw Error(ErrorCode::kInternal, op + " is placed by the runtime and has no step to prepare.")
      .At(op, node.node.name);
}

}  // namespace slimnet::cpu
