// What passes share: facts about a program, and small changes to it.
#pragma once

#include <string>
#include <vector>

#include "ir/program.h"

namespace slimnet {

// Values that stand for others. Chains are followed when they are made, so that looking up is one step. Values that are
// added to the program later stand for themselves.
class Replacements {
 public:
  explicit Replacements(const Program& program);
  // From now on `to` stands for `from`; `to` may itself have been replaced before.
  void Set(ValueId from, ValueId to) { by_value_[from] = Of(to); }
  ValueId Of(ValueId value) const { return static_cast<size_t>(value) < by_value_.size() ? by_value_[value] : value; }
  // Rewrites what a node reads.
  void Apply(Node& node) const;
  // Rewrites the outputs and updates of a program.
  void ApplyToResults(Program& program) const;

 private:
  std::vector<ValueId> by_value_;
};

// Appends a node with one result, whose type is inferred (or stated, for constants). The order is mended by SortNodes.
ValueId AppendNode(Program& program, Attrs attrs, std::string name, std::vector<ValueId> inputs);
ValueId AppendConstant(Program& program, TensorType type, double value, std::string name);

// Removes nodes that no output and no update needs. Program inputs stay: callers hand their data in by position.
void RemoveDeadNodes(Program& program);

// Puts what is made too late just before its first reader and leaves the order otherwise as it is. Throws
// Error{kInternal} when nodes need each other in a circle.
void SortNodes(Program& program);

// By value: true for variables that ops of this program change.
std::vector<bool> UpdatedVariables(const Program& program);

// By value: constant values that no variable goes into which this program changes. They are the same in every run of
// it.
std::vector<bool> FixedValues(const Program& program);

// By node index: true for ops that change variables and for all that is computed from their results.
std::vector<bool> DependsOnUpdates(const Program& program);

}  // namespace slimnet
