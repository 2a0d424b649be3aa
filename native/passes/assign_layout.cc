#include <map>
#include <string>
#include <utility>

#include "ir/constants.h"
#include "ir/views.h"
#include "passes/edit.h"
#include "passes/passes.h"

namespace slimnet {
namespace {

// Whether a value is the run's own, and one node alone reads it.
bool MayBeWrittenOtherwise(const Program& program, const Uses& uses, ValueId value) {
  const Node& maker = program.nodes[At(uses.producer[value])];
  return uses.SingleReader(value) && !program.values[value].encoding && !Info(maker.op).source &&
         Info(maker.op).updates.empty() && !IsView(maker.op) && maker.op != OpKind::kReorder;
}

// Has the maker of a value write it in a layout, where it can.
void WriteAs(const LayoutPtr& layout, ValueId value, const Node& maker, Program& program, const Backend& backend) {
  program.values[value].layout = layout;
  if (!backend.Supports({program, maker})) program.values[value].layout = nullptr;
}

}  // namespace

void AssignLayout(Program& program, const Backend& backend) {
  std::vector<bool> constant = ConstantValues(program);
  const Uses uses(program);
  std::map<std::pair<ValueId, std::string>, ValueId> reordered;
  const size_t count = program.nodes.size();
  for (size_t i = 0; i < count; ++i) {
    if (program.nodes[i].op == OpKind::kReorder) continue;
    const size_t inputs = program.nodes[i].inputs.size();
    // Inputs, and behind them the operands of what the node absorbed. Nodes are appended meanwhile: no reference is
    // held.
    const auto read = [&](size_t port) -> ValueId& {
      Node& node = program.nodes[i];
      return port < inputs ? node.inputs[port] : node.post_ops[port - inputs].operand;
    };
    for (size_t port = 0; port < inputs + program.nodes[i].post_ops.size(); ++port) {
      const ValueId value = read(port);
      if (value == kNoValue || program.values[value].layout) continue;
      if (!constant[value] && !MayBeWrittenOtherwise(program, uses, value)) continue;
      const LayoutPtr layout = backend.Prefers({program, program.nodes[i]}, port);
      if (!layout) continue;
      if (!constant[value]) {
        WriteAs(layout, value, program.nodes[At(uses.producer[value])], program, backend);
        continue;
      }
      const auto [known, fresh] = reordered.try_emplace({value, layout->name()}, kNoValue);
      if (fresh) {
        known->second = AppendNode(program, ReorderAttrs{}, program.nodes[i].name + "/" + layout->name(), {value});
        program.values[known->second].layout = layout;
        constant.push_back(true);
      }
      read(port) = known->second;
    }
  }
  SortNodes(program);
}

}  // namespace slimnet
