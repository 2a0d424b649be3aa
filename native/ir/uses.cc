#include <algorithm>

#include "ir/program.h"

namespace slimnet {

bool HasSecondResult(const Node& node) {
  return std::any_of(node.post_ops.begin(), node.post_ops.end(),
                     [](const PostOp& post) { return post.kind == PostOp::Kind::kResult; });
}

Uses::Uses(const Program& program)
    : producer(program.values.size(), -1), readers(program.values.size()), external(program.values.size(), false) {
  for (size_t i = 0; i < program.nodes.size(); ++i) {
    const Node& node = program.nodes[i];
    const auto index = static_cast<int32_t>(i);
    for (ValueId value : node.outputs) producer[value] = index;
    for (size_t k = 0; k < Info(node.op).updates.size(); ++k) external[node.outputs[k]] = true;
    for (ValueId value : node.inputs) readers[value].push_back(index);
    for (const PostOp& post : node.post_ops) {
      if (post.operand != kNoValue) readers[post.operand].push_back(index);
    }
  }
  for (const ProgramOutput& output : program.outputs) external[output.value] = true;
  for (ValueId value : program.updates) external[value] = true;
}

}  // namespace slimnet
