#include "ir/node_text.h"

#include <algorithm>
#include <map>

namespace slimnet {

std::string PrintNode(const Program& program, const Node& node) {
  Program alone;
  Node copy = node;
  copy.prologue = false;
  copy.scratch = {};
  std::map<ValueId, ValueId> numbers;
  const auto take = [&](ValueId& value) {
    const Value& taken = program.values[At(value)];
    const auto [known, fresh] = numbers.try_emplace(value, static_cast<ValueId>(alone.values.size()));
    if (fresh) {
      alone.values.push_back(taken);
      alone.values.back().place = {};
    }
    value = known->second;
    return fresh;
  };
  const auto read = [&](ValueId& value) {
    if (!take(value)) return;
    Node source;
    source.op = OpKind::kInput;
    source.attrs = DefaultAttrs(OpKind::kInput);
    source.outputs = {value};
    alone.nodes.push_back(std::move(source));
  };
  // A second result may be computed with the first one.
  const auto makes = [&](ValueId value) { return std::ranges::find(node.outputs, value) != node.outputs.end(); };
  for (ValueId& value : copy.inputs) read(value);
  for (PostOp& post : copy.post_ops) {
    if (post.operand != kNoValue && !makes(post.operand)) read(post.operand);
  }
  for (ValueId& value : copy.outputs) take(value);
  for (size_t i = 0; i < copy.post_ops.size(); ++i) {
    if (makes(node.post_ops[i].operand)) take(copy.post_ops[i].operand);
  }
  alone.nodes.push_back(std::move(copy));
  return PrintNodes(alone);
}

}  // namespace slimnet
