#include "passes/transposes.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "passes/edit.h"

namespace slimnet {
namespace {

using Perm = std::vector<int64_t>;

size_t At(int64_t axis) { return static_cast<size_t>(axis); }

// The axes of a transpose of a transpose.
Perm Merged(const Perm& first, const Perm& second) {
  Perm merged;
  for (int64_t axis : second) merged.push_back(first[At(axis)]);
  return merged;
}

bool IsIdentity(const Perm& perm) {
  for (size_t i = 0; i < perm.size(); ++i) {
    if (perm[i] != static_cast<int64_t>(i)) return false;
  }
  return true;
}

class TransposeSinker {
 public:
  explicit TransposeSinker(Program& program)
      : program_(program), replacements_(program), from_(program.values.size()) {}

  void Run() {
    std::vector<Node> nodes = std::move(program_.nodes);
    program_.nodes.clear();
    for (Node& node : nodes) {
      replacements_.Apply(node);
      if (node.op == OpKind::kTranspose) {
        Merge(std::move(node));
      } else if (!node.post_ops.empty() || !Sink(node)) {
        program_.nodes.push_back(std::move(node));
      }
    }
    replacements_.ApplyToResults(program_);
    RemoveDeadNodes(program_);
    for (Node& node : program_.nodes) MakeView(node);
  }

 private:
  // A value that is the transpose of another.
  struct Source {
    ValueId value;
    Perm perm;
  };

  const Shape& ShapeOf(ValueId value) const { return program_.values[value].type.shape; }

  void Merge(Node node) {
    auto& perm = std::get<TransposeAttrs>(node.attrs).perm;
    const ValueId result = node.outputs[0];
    if (const auto& before = from_[node.inputs[0]]) {
      perm = Merged(before->perm, perm);
      node.inputs[0] = before->value;
    }
    if (IsIdentity(perm)) {
      replacements_.Set(result, node.inputs[0]);
      return;
    }
    // Two layers that read one value transpose it once.
    const auto [known, fresh] = results_.try_emplace({node.inputs[0], perm}, result);
    if (!fresh) {
      replacements_.Set(result, known->second);
      return;
    }
    from_[result] = Source{node.inputs[0], perm};
    program_.nodes.push_back(std::move(node));
  }

  // Computes the node on the values before their transposes, and transposes its result; false: it must stay.
  bool Sink(Node& node) {
    if (Info(node.op).elementwise) return SinkElementwise(node);
    if (node.op == OpKind::kPad) return SinkPad(node);
    if (auto* mean = std::get_if<ReduceMeanAttrs>(&node.attrs)) return SinkReduction(node, mean->axes, mean->keep_dims);
    if (auto* sum = std::get_if<ReduceSumAttrs>(&node.attrs)) return SinkReduction(node, sum->axes, sum->keep_dims);
    return false;
  }

  // All inputs are scalars or were transposed in the same way, from one shape.
  bool SinkElementwise(Node& node) {
    std::optional<Source> common;
    std::vector<ValueId> inputs;
    for (ValueId value : node.inputs) {
      const std::optional<Source>& source = from_[value];
      if (!source && !ShapeOf(value).empty()) return false;
      inputs.push_back(source ? source->value : value);
      if (!source) continue;
      if (common && (common->perm != source->perm || ShapeOf(common->value) != ShapeOf(source->value))) return false;
      common = source;
    }
    if (!common) return false;
    const Perm perm = common->perm;
    node.inputs = std::move(inputs);
    Emit(node, ShapeOf(common->value), perm);
    return true;
  }

  bool SinkPad(Node& node) {
    const std::optional<Source> source = from_[node.inputs[0]];
    if (!source) return false;
    auto& pads = std::get<PadAttrs>(node.attrs).pads;
    std::vector<int64_t> moved(pads.size());
    Shape shape = ShapeOf(source->value);
    for (size_t i = 0; i < source->perm.size(); ++i) {
      const size_t axis = At(source->perm[i]);
      moved[2 * axis] = pads[2 * i];
      moved[2 * axis + 1] = pads[2 * i + 1];
      shape[axis] += pads[2 * i] + pads[2 * i + 1];
    }
    pads = std::move(moved);
    node.inputs[0] = source->value;
    Emit(node, std::move(shape), source->perm);
    return true;
  }

  bool SinkReduction(Node& node, std::vector<int64_t>& axes, bool keep_dims) {
    const std::optional<Source> source = from_[node.inputs[0]];
    if (!source) return false;
    const auto rank = static_cast<int64_t>(source->perm.size());
    std::vector<bool> reduced(source->perm.size(), axes.empty());
    std::vector<int64_t> moved;
    for (int64_t axis : axes) moved.push_back(source->perm[At(axis < 0 ? axis + rank : axis)]);
    for (int64_t axis : moved) reduced[At(axis)] = true;
    Perm kept;
    std::copy_if(source->perm.begin(), source->perm.end(), std::back_inserter(kept),
                 [&](int64_t axis) { return !reduced[At(axis)]; });
    // What is left keeps its order, or carries on as a transpose of the same axes.
    if (!keep_dims && !std::is_sorted(kept.begin(), kept.end())) return false;
    axes = std::move(moved);
    node.inputs[0] = source->value;
    if (!keep_dims) {
      program_.nodes.push_back(std::move(node));
      return true;
    }
    Shape shape = ShapeOf(source->value);
    for (size_t axis = 0; axis < shape.size(); ++axis) {
      if (reduced[axis]) shape[axis] = 1;
    }
    Emit(node, std::move(shape), source->perm);
    return true;
  }

  // The node, now with a result of `shape`, and the transpose that makes its former result of it.
  void Emit(Node& node, Shape shape, const Perm& perm) {
    const ValueId result = node.outputs[0];
    const ValueId inner = program_.AddValue({program_.values[result].type.dtype, std::move(shape)}, 0, node.name);
    from_.resize(program_.values.size());
    from_[result] = Source{inner, perm};
    results_.emplace(std::pair(inner, perm), result);
    Node transpose;
    transpose.op = OpKind::kTranspose;
    transpose.attrs = TransposeAttrs{perm};
    transpose.name = node.name + "/transpose";
    transpose.inputs = {inner};
    transpose.outputs = {result};
    node.outputs[0] = inner;
    program_.nodes.push_back(std::move(node));
    program_.nodes.push_back(std::move(transpose));
  }

  // A transpose that leaves the order of the axes that are not 1 moves no byte.
  void MakeView(Node& node) const {
    if (node.op != OpKind::kTranspose) return;
    const Shape& from = ShapeOf(node.inputs[0]);
    Perm moving;
    for (int64_t axis : std::get<TransposeAttrs>(node.attrs).perm) {
      if (from[At(axis)] != 1) moving.push_back(axis);
    }
    if (!std::is_sorted(moving.begin(), moving.end())) return;
    node.op = OpKind::kReshape;
    node.attrs = ReshapeAttrs{ShapeOf(node.outputs[0])};
  }

  Program& program_;
  Replacements replacements_;
  std::vector<std::optional<Source>> from_;  // by value
  std::map<std::pair<ValueId, Perm>, ValueId> results_;
};

}  // namespace

void SinkTransposes(Program& program) {
  const bool any = std::any_of(program.nodes.begin(), program.nodes.end(),
                               [](const Node& node) { return node.op == OpKind::kTranspose; });
  if (any) TransposeSinker(program).Run();
}

}  // namespace slimnet
