// Several ops that change one variable do so one after the other: each begins with what the one before it made. Only
// the last value is then the variable's; the others are values like any other.
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "ir/updates.h"
#include "passes/passes.h"

namespace slimnet {

void ChainUpdates(Program& program, const Backend&) {
  const VariableReads reads(program);
  std::map<std::string, ValueId> newest;  // by variable
  for (Node& node : program.nodes) {
    const auto& updates = Info(node.op).updates;
    std::vector<std::pair<std::string, ValueId>> made;
    for (size_t i = 0; i < updates.size(); ++i) {
      ValueId& read = node.inputs[static_cast<size_t>(updates[i])];
      const std::string name = reads.NameOf(reads.ChangedThrough(read));
      if (const auto before = newest.find(name); before != newest.end()) read = before->second;
      made.emplace_back(name, node.outputs[i]);
    }
    for (const auto& [name, value] : made) newest[name] = value;
  }
}

}  // namespace slimnet
