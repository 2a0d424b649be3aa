#include "backends/onednn/empty.h"

#include <algorithm>
#include <string>
#include <vector>

namespace slimnet::onednn {

bool HasNothingToDo(const NodeContext& node) {
  const auto is_empty = [&](ValueId id) {
    return ElementCount(node.program.values[static_cast<size_t>(id)].type.shape) == 0;
  };
  return Info(node.node.op).updates.empty() &&
         std::all_of(node.node.outputs.begin(), node.node.outputs.end(), is_empty);
}

Verdict SupportsEmptyInputs(const NodeContext& node) {
  const auto is_empty = [](const Value& value) { return ElementCount(value.type.shape) == 0; };
  if (is_empty(node.output(0)) || !(is_empty(node.input(0)) || is_empty(node.input(1)))) return Verdict::Yes();
  return Verdict::No(std::string(Info(node.node.op).name) + " makes a result that is not empty out of an empty input");
}

}  // namespace slimnet::onednn
