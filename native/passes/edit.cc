#include "passes/edit.h"

#include <algorithm>
#include <numeric>
#include <set>
#include <string_view>
#include <utility>

#include "base/error.h"
#include "ir/constants.h"
#include "ir/reads.h"
#include "ir/updates.h"

namespace slimnet {
namespace {

std::vector<int32_t> Producers(const Program& program) {
  std::vector<int32_t> producer(program.values.size(), -1);
  for (size_t i = 0; i < program.nodes.size(); ++i) {
    for (ValueId value : program.nodes[i].outputs) producer[value] = static_cast<int32_t>(i);
  }
  return producer;
}

// Depth-first order without recursion: plans may be a million nodes deep.
class Sorter {
 public:
  explicit Sorter(const Program& program)
      : program_(program), producer_(Producers(program)), states_(program.nodes.size(), State::kNew) {}

  std::vector<int32_t> Run() {
    for (size_t i = 0; i < program_.nodes.size(); ++i) Visit(static_cast<int32_t>(i));
    return std::move(order_);
  }

 private:
  enum class State : uint8_t { kNew, kOpen, kDone };

  void Visit(int32_t root) {
    open_.push_back(root);
    while (!open_.empty()) {
      const int32_t index = open_.back();
      if (states_[index] == State::kDone) {
        open_.pop_back();
      } else if (states_[index] == State::kOpen) {
        states_[index] = State::kDone;
        order_.push_back(index);
        open_.pop_back();
      } else {
        states_[index] = State::kOpen;
        Open(program_.nodes[static_cast<size_t>(index)]);
      }
    }
  }

  // Pushes what the node reads, last port first, so that the first port's producer comes first.
  void Open(const Node& node) {
    const size_t before = open_.size();
    ForEachRead(node, [&](ValueId value) {
      const int32_t maker = producer_[value];
      if (states_[maker] == State::kOpen) {
        throw Error(ErrorCode::kInternal, "Nodes need each other in a circle.").At(Info(node.op).name, node.name);
      }
      if (states_[maker] == State::kNew) open_.push_back(maker);
    });
    std::reverse(open_.begin() + static_cast<std::ptrdiff_t>(before), open_.end());
  }

  const Program& program_;
  std::vector<int32_t> producer_;
  std::vector<State> states_;
  std::vector<int32_t> open_;
  std::vector<int32_t> order_;
};

}  // namespace

Replacements::Replacements(const Program& program) : by_value_(program.values.size()) {
  std::iota(by_value_.begin(), by_value_.end(), 0);
}

void Replacements::Apply(Node& node) const {
  for (ValueId& value : node.inputs) value = Of(value);
  for (PostOp& post : node.post_ops) {
    if (post.operand != kNoValue) post.operand = Of(post.operand);
  }
}

void Replacements::ApplyToResults(Program& program) const {
  for (ProgramOutput& output : program.outputs) output.value = Of(output.value);
  for (ValueId& value : program.updates) value = Of(value);
}

ValueId AppendNode(Program& program, Attrs attrs, std::string name, std::vector<ValueId> inputs) {
  Node node;
  node.op = static_cast<OpKind>(attrs.index());
  node.attrs = std::move(attrs);
  node.name = std::move(name);
  node.inputs = std::move(inputs);
  std::vector<TensorType> types;
  for (ValueId value : node.inputs) types.push_back(program.values[value].type);
  const ValueId result = program.AddValue(InferTypes(node, types)[0], 0, node.name);
  node.outputs.push_back(result);
  program.nodes.push_back(std::move(node));
  return result;
}

ValueId AppendConstant(Program& program, TensorType type, double value, std::string name) {
  Node node;
  node.op = OpKind::kConstant;
  node.attrs = ConstantAttrs{{value}};
  node.name = std::move(name);
  const ValueId result = program.AddValue(std::move(type), 0, node.name);
  node.outputs.push_back(result);
  program.nodes.push_back(std::move(node));
  return result;
}

void RemoveDeadNodes(Program& program) {
  std::vector<bool> needed(program.values.size(), false);
  for (const ProgramOutput& output : program.outputs) needed[output.value] = true;
  for (ValueId value : program.updates) needed[value] = true;
  std::vector<bool> alive(program.nodes.size(), false);
  for (size_t i = program.nodes.size(); i-- > 0;) {
    const Node& node = program.nodes[i];
    alive[i] = node.op == OpKind::kInput ||
               std::any_of(node.outputs.begin(), node.outputs.end(), [&](ValueId value) { return needed[value]; });
    if (alive[i]) ForEachRead(node, [&](ValueId value) { needed[value] = true; });
  }
  size_t kept = 0;
  for (size_t i = 0; i < alive.size(); ++i) {
    if (!alive[i]) continue;
    if (kept != i) program.nodes[kept] = std::move(program.nodes[i]);
    ++kept;
  }
  program.nodes.resize(kept);
}

void SortNodes(Program& program) {
  const std::vector<int32_t> order = Sorter(program).Run();
  std::vector<Node> nodes;
  nodes.reserve(order.size());
  for (int32_t index : order) nodes.push_back(std::move(program.nodes[static_cast<size_t>(index)]));
  program.nodes = std::move(nodes);
}

std::vector<bool> UpdatedVariables(const Program& program) {
  const VariableReads reads(program);
  std::set<std::string_view> names;
  for (const NewValue& made : NewValues(program)) names.insert(reads.NameOf(made.variable));
  std::vector<bool> updated(program.values.size(), false);
  for (const Node& node : program.nodes) {
    if (node.op != OpKind::kVariable) continue;
    updated[node.outputs[0]] = names.contains(std::get<VariableAttrs>(node.attrs).name);
  }
  return updated;
}

std::vector<bool> FixedValues(const Program& program) {
  const std::vector<bool> updated = UpdatedVariables(program);
  std::vector<bool> fixed = ConstantValues(program);
  for (const Node& node : program.nodes) {
    bool all = true;
    ForEachRead(node, [&](ValueId value) { all = all && fixed[value]; });
    for (ValueId value : node.outputs) fixed[value] = fixed[value] && all && !updated[value];
  }
  return fixed;
}

std::vector<bool> DependsOnUpdates(const Program& program) {
  std::vector<bool> late_values(program.values.size(), false);
  std::vector<bool> late(program.nodes.size(), false);
  for (size_t i = 0; i < program.nodes.size(); ++i) {
    const Node& node = program.nodes[i];
    bool any = !Info(node.op).updates.empty();
    ForEachRead(node, [&](ValueId value) { any = any || late_values[value]; });
    late[i] = any;
    for (ValueId value : node.outputs) late_values[value] = any;
  }
  return late;
}

}  // namespace slimnet
