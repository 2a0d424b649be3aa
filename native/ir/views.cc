#include "ir/views.h"

#include <numeric>

namespace slimnet {

std::vector<ValueId> ViewRoots(const Program& program) {
  std::vector<ValueId> roots(program.values.size());
  std::iota(roots.begin(), roots.end(), 0);
  // Nodes stand in order, so the input of a view already has its root.
  for (const Node& node : program.nodes) {
    if (IsView(node.op)) roots[node.outputs[0]] = roots[node.inputs[0]];
  }
  return roots;
}

}  // namespace slimnet
