#include "passes/storage.h"

#include <algorithm>

#include "ir/microbatch_loop.h"
#include "ir/updates.h"
#include "ir/views.h"

namespace slimnet {
namespace {

Place::Kind KindOf(OpKind op) {
  switch (op) {
    case OpKind::kInput:
      return Place::Kind::kInput;
    case OpKind::kVariable:
      return Place::Kind::kVariable;
    case OpKind::kConstant:
      return Place::Kind::kConstant;
    default:
      return Place::Kind::kArena;
  }
}

// By value: the variable whose last new value it is, or kNoValue.
std::vector<ValueId> VariablesOfNewValues(const Program& program) {
  std::vector<ValueId> variables(program.values.size(), kNoValue);
  for (const NewValue& made : NewValues(program)) variables[static_cast<size_t>(made.value)] = made.variable;
  return variables;
}

// The concat's input is one part of what this stretch holds.
void GrowToBatch(Storage& storage, const Program& program, const Node& concat, int32_t loop_begin) {
  storage.joined = true;
  storage.bytes = program.values[concat.outputs[0]].bytes();
  storage.first = loop_begin;
}

}  // namespace

ValueId Overwritten(const Node& node) {
  for (const PostOp& post : node.post_ops) {
    if (post.in_place) return post.operand;
  }
  return kNoValue;
}

Storages::Storages(const Program& program) : of(program.values.size(), -1) {
  std::vector<bool> crosses;  // by storage: made in the prologue, needed after it
  const std::vector<ValueId> new_value_of = VariablesOfNewValues(program);
  const MicrobatchLoop loop(program);
  int32_t loop_begin = -1;  // its first node
  for (size_t i = 0; i < program.nodes.size(); ++i) {
    const Node& node = program.nodes[i];
    if (loop_begin < 0 && loop.Holds(node)) loop_begin = static_cast<int32_t>(i);
    const auto index = static_cast<int32_t>(i);
    const ValueId shared = IsView(node.op) ? node.inputs[0] : Overwritten(node);
    for (ValueId value : node.outputs) {
      if (shared != kNoValue && value == node.outputs[0]) {
        of[value] = of[shared];
        continue;
      }
      const ValueId variable = new_value_of[value];
      if (variable != kNoValue && program.updates_in_place) {
        of[value] = of[variable];
        continue;
      }
      const Place::Kind kind = variable != kNoValue ? Place::Kind::kSpare : KindOf(node.op);
      of[value] = static_cast<int32_t>(items.size());
      items.push_back({value, program.values[value].bytes(), kind, index, index, false});
      crosses.push_back(false);
    }
    // Not for a part of what was there before, under another shape: nothing is made.
    if (node.op == OpKind::kMicrobatchConcat && loop.Makes(items[static_cast<size_t>(of[shared])].value)) {
      GrowToBatch(items[static_cast<size_t>(of[shared])], program, node, loop_begin);
    }
    for (int32_t storage : TouchedBy(node)) {
      items[static_cast<size_t>(storage)].last = index;
      const Node& maker = program.nodes[static_cast<size_t>(items[static_cast<size_t>(storage)].first)];
      if (maker.prologue && !node.prologue) crosses[static_cast<size_t>(storage)] = true;
    }
  }
  for (const ProgramOutput& output : program.outputs) {
    const auto storage = static_cast<size_t>(of[output.value]);
    items[storage].last = static_cast<int32_t>(program.nodes.size());
    if (program.nodes[static_cast<size_t>(items[storage].first)].prologue) crosses[storage] = true;
  }
  for (size_t i = 0; i < items.size(); ++i) {
    const bool prologue = program.nodes[static_cast<size_t>(items[i].first)].prologue;
    if (!prologue || items[i].kind != Place::Kind::kArena) continue;
    items[i].kind = crosses[i] ? Place::Kind::kConstant : Place::Kind::kNone;
  }
}

std::vector<int32_t> Storages::TouchedBy(const Node& node) const {
  std::vector<int32_t> touched;
  for (ValueId value : node.inputs) touched.push_back(of[value]);
  for (const PostOp& post : node.post_ops) {
    if (post.operand != kNoValue) touched.push_back(of[post.operand]);
  }
  for (ValueId value : node.outputs) touched.push_back(of[value]);
  std::sort(touched.begin(), touched.end());
  touched.erase(std::unique(touched.begin(), touched.end()), touched.end());
  return touched;
}

}  // namespace slimnet
