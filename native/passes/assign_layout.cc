#include <map>
#include <string>
#include <utility>

#include "ir/constants.h"
#include "passes/edit.h"
#include "passes/passes.h"

namespace slimnet {

void AssignLayout(Program& program, const Backend& backend) {
  std::vector<bool> constant = ConstantValues(program);
  std::map<std::pair<ValueId, std::string>, ValueId> reordered;
  const size_t count = program.nodes.size();
  for (size_t i = 0; i < count; ++i) {
    if (program.nodes[i].op == OpKind::kReorder) continue;
    for (size_t port = 0; port < program.nodes[i].inputs.size(); ++port) {
      const ValueId value = program.nodes[i].inputs[port];
      if (!constant[value] || program.values[value].layout) continue;
      const LayoutPtr layout = backend.Prefers({program, program.nodes[i]}, port);
      if (!layout) continue;
      const auto [known, fresh] = reordered.try_emplace({value, layout->name()}, kNoValue);
      if (fresh) {
        known->second = AppendNode(program, ReorderAttrs{}, program.nodes[i].name + "/" + layout->name(), {value});
        program.values[known->second].layout = layout;
        constant.push_back(true);
      }
      program.nodes[i].inputs[port] = known->second;
    }
  }
  SortNodes(program);
}

}  // namespace slimnet
