#include <algorithm>

#include "passes/edit.h"
#include "passes/passes.h"

namespace slimnet {

void HoistConstants(Program& program, const Backend&) {
  // What depends on variables that this program changes would have to be made anew for each run: it stays where it is.
  const std::vector<bool> fixed = FixedValues(program);
  for (Node& node : program.nodes) node.prologue = fixed[node.outputs[0]];
  std::stable_partition(program.nodes.begin(), program.nodes.end(), [](const Node& node) { return node.prologue; });
}

}  // namespace slimnet
