#include "ir/constants.h"

#include "ir/reads.h"
#include "ir/views.h"

namespace slimnet {

bool MayBeConstant(OpKind op) {
  const OpInfo& info = Info(op);
  return op != OpKind::kInput && !info.random && info.updates.empty() && !IsMovingView(op);
}

bool IsConstant(const Node& node, const std::vector<bool>& constant) {
  bool all = MayBeConstant(node.op);
  ForEachRead(node, [&](ValueId value) { all = all && constant[value]; });
  return all;
}

std::vector<bool> ConstantValues(const Program& program) {
  std::vector<bool> constant(program.values.size(), false);
  for (const Node& node : program.nodes) {
    const bool is_constant = IsConstant(node, constant);
    for (ValueId value : node.outputs) constant[value] = is_constant;
  }
  return constant;
}

}  // namespace slimnet
