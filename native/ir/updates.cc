#include "ir/updates.h"

#include <map>
#include <string_view>
#include <variant>

namespace slimnet {

VariableReads::VariableReads(const Program& program) : program_(program), producer_(program.values.size(), -1) {
  for (size_t i = 0; i < program.nodes.size(); ++i) {
    for (ValueId value : program.nodes[i].outputs) producer_[static_cast<size_t>(value)] = static_cast<int32_t>(i);
  }
}

ValueId VariableReads::ChangedThrough(ValueId value) const {
  // Ends: each step goes to a node that stands before.
  for (;;) {
    const Node& node = program_.nodes[static_cast<size_t>(ProducerOf(value))];
    if (node.op == OpKind::kVariable) return value;
    const auto port = static_cast<size_t>(program_.values[static_cast<size_t>(value)].port);
    value = node.inputs[static_cast<size_t>(Info(node.op).updates[port])];
  }
}

const std::string& VariableReads::NameOf(ValueId variable) const {
  return std::get<VariableAttrs>(program_.nodes[static_cast<size_t>(ProducerOf(variable))].attrs).name;
}

std::vector<NewValue> NewValues(const Program& program) {
  const VariableReads reads(program);
  std::vector<NewValue> found;
  std::map<std::string_view, size_t> of_name;
  for (const Node& node : program.nodes) {
    const auto& updates = Info(node.op).updates;
    for (size_t i = 0; i < updates.size(); ++i) {
      const ValueId variable = reads.ChangedThrough(node.inputs[static_cast<size_t>(updates[i])]);
      const auto [known, fresh] = of_name.try_emplace(reads.NameOf(variable), found.size());
      if (fresh) found.emplace_back();
      found[known->second] = {variable, node.outputs[i]};
    }
  }
  return found;
}

}  // namespace slimnet
