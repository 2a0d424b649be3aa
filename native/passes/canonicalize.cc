#include <algorithm>
#include <array>
#include <functional>
#include <map>
#include <optional>
#include <string>

#include "passes/edit.h"
#include "passes/passes.h"
#include "passes/transposes.h"

namespace slimnet {
namespace {

template <size_t kCount>
bool All(const std::array<int64_t, kCount>& list, int64_t value) {
  return std::all_of(list.begin(), list.end(), [&](int64_t v) { return v == value; });
}

template <class PoolAttrs>
bool IsOnePixelPool(const PoolAttrs& a) {
  return All(a.ksize, 1) && All(a.strides, 1) && All(a.pads, 0);
}

// True when the node's result is its first input, value for value.
bool ChangesNothing(const Program& program, const Node& node) {
  switch (node.op) {
    case OpKind::kBroadcastTo:
    case OpKind::kCast:
    case OpKind::kCrop:
    case OpKind::kPad:
    case OpKind::kReshape:
    case OpKind::kSqueeze:
    case OpKind::kSumTo:
      return program.values[node.inputs[0]].type == program.values[node.outputs[0]].type;
    case OpKind::kScaleGradient:
    case OpKind::kStopGradient:
      return true;
    case OpKind::kDropout:
      return std::get<DropoutAttrs>(node.attrs).keep_prob == 1;
    case OpKind::kMaxPool2d:
      return IsOnePixelPool(std::get<MaxPool2dAttrs>(node.attrs));
    case OpKind::kAvgPool2d:
      return IsOnePixelPool(std::get<AvgPool2dAttrs>(node.attrs));
    default:
      return false;
  }
}

void RemoveIdentities(Program& program) {
  Replacements replacements(program);
  std::map<std::string, ValueId> variables;
  for (Node& node : program.nodes) {
    replacements.Apply(node);
    if (node.op == OpKind::kVariable) {
      const auto [first, fresh] = variables.emplace(std::get<VariableAttrs>(node.attrs).name, node.outputs[0]);
      if (!fresh) replacements.Set(node.outputs[0], first->second);
    } else if (ChangesNothing(program, node)) {
      replacements.Set(node.outputs[0], node.inputs[0]);
    }
  }
  replacements.ApplyToResults(program);
  RemoveDeadNodes(program);
}

// Pads [top, bottom, left, right] of a `pad` that touches height and width alone.
std::optional<std::array<int64_t, 4>> SpatialPads(const Node& pad) {
  const std::vector<int64_t>& p = std::get<PadAttrs>(pad.attrs).pads;
  if (p.size() != 8 || p[0] != 0 || p[1] != 0 || p[6] != 0 || p[7] != 0) return std::nullopt;
  return std::array<int64_t, 4>{p[2], p[3], p[4], p[5]};
}

// A convolution pads with zeros itself.
void TakePadsIntoConvolutions(Program& program) {
  const Uses uses(program);
  for (Node& conv : program.nodes) {
    if (conv.op != OpKind::kConv2d) continue;
    for (;;) {
      const ValueId x = conv.inputs[0];
      const Node& pad = program.nodes[static_cast<size_t>(uses.producer[x])];
      if (pad.op != OpKind::kPad || !uses.SingleReader(x)) break;
      const auto pads = SpatialPads(pad);
      if (!pads) break;
      auto& attrs = std::get<Conv2dAttrs>(conv.attrs);
      std::transform(attrs.pads.begin(), attrs.pads.end(), pads->begin(), attrs.pads.begin(), std::plus<>());
      conv.inputs[0] = pad.inputs[0];
    }
  }
  RemoveDeadNodes(program);
}

}  // namespace

void Canonicalize(Program& program, const Backend&) {
  RemoveIdentities(program);
  SinkTransposes(program);
  TakePadsIntoConvolutions(program);
}

}  // namespace slimnet
