// Updates in place overwrite the variables' values. An output, or anything computed after an update, that reads a
// variable as it was before the run must not look into that memory: it gets a copy.
#include <algorithm>
#include <map>

#include "ir/views.h"
#include "passes/edit.h"
#include "passes/passes.h"

namespace slimnet {
namespace {

class Keeper {
 public:
  explicit Keeper(Program& program)
      : program_(program), updated_(UpdatedVariables(program)), roots_(ViewRoots(program)) {}

  void Run() {
    const std::vector<bool> late = DependsOnUpdates(program_);
    for (size_t i = 0; i < late.size(); ++i) {
      if (late[i]) ReadCopies(i);
    }
    for (ProgramOutput& output : program_.outputs) output.value = Kept(output.value);
    SortNodes(program_);
  }

 private:
  void ReadCopies(size_t index) {
    const PortList<int>& updates = Info(program_.nodes[index].op).updates;
    for (size_t port = 0; port < program_.nodes[index].inputs.size(); ++port) {
      if (std::find(updates.begin(), updates.end(), static_cast<int>(port)) != updates.end()) continue;
      const ValueId kept = Kept(program_.nodes[index].inputs[port]);
      program_.nodes[index].inputs[port] = kept;
    }
    for (size_t k = 0; k < program_.nodes[index].post_ops.size(); ++k) {
      const ValueId operand = program_.nodes[index].post_ops[k].operand;
      if (operand == kNoValue) continue;
      const ValueId kept = Kept(operand);
      program_.nodes[index].post_ops[k].operand = kept;
    }
  }

  // A copy of the value when it is the memory of a variable that changes, else the value itself.
  ValueId Kept(ValueId value) {
    if (static_cast<size_t>(value) >= roots_.size() || !updated_[roots_[value]]) return value;
    const auto [known, fresh] = copies_.try_emplace(value, kNoValue);
    if (fresh) known->second = AppendNode(program_, ReorderAttrs{}, "old_value", {value});
    return known->second;
  }

  Program& program_;
  const std::vector<bool> updated_;
  const std::vector<ValueId> roots_;
  std::map<ValueId, ValueId> copies_;
};

}  // namespace

void KeepOldValues(Program& program, const Backend&) {
  if (program.updates_in_place) Keeper(program).Run();
}

}  // namespace slimnet
