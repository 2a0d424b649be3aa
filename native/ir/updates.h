// What a program makes of variables.
#pragma once

#include <vector>

#include "ir/program.h"

namespace slimnet {

// Output i of an op with updates is the new value of what it reads through port OpInfo::updates[i]: of a variable, or
// of the new value that an op before it made of the variable. So ops with updates are functions like all others, and
// only the last new value of each variable leaves the program.
struct NewValue {
  ValueId variable = kNoValue;  // made by a node that reads the variable
  ValueId value = kNoValue;
};

// The last new value of each variable that the program changes.
std::vector<NewValue> NewValues(const Program& program);

// The nodes that read variables, and what is made of them.
class VariableReads {
 public:
  explicit VariableReads(const Program& program);

  // Node index that makes a value, or -1.
  int32_t ProducerOf(ValueId value) const { return producer_[static_cast<size_t>(value)]; }
  // The variable that an op changes through a port which reads `value`.
  ValueId ChangedThrough(ValueId value) const;
  const std::string& NameOf(ValueId variable) const;

 private:
  const Program& program_;
  std::vector<int32_t> producer_;
};

}  // namespace slimnet
