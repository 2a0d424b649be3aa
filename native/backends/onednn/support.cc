#include "backends/onednn/support.h"

#include <algorithm>
#include <span>

#include "backends/cpu/float_types.h"

namespace slimnet::onednn {
namespace {

// Ops that are computed by loops which take float64 as well.
bool TakesFloat64(OpKind op) {
  switch (op) {
    case OpKind::kArgmax:
    case OpKind::kAssignAdd:
    case OpKind::kAssignDebiasedMovingAverage:
    case OpKind::kAssignMovingAverage:
    case OpKind::kConfusionMatrix:
    case OpKind::kDropout:
    case OpKind::kInTopK:
    case OpKind::kPick:
    case OpKind::kScaleGradient:
    case OpKind::kTopK:
      return true;
    default:
      return false;
  }
}

std::string OpName(const NodeContext& context) { return std::string(Info(context.node.op).name); }

bool IsEmpty(const Value& value) { return ElementCount(value.type.shape) == 0; }

// A convolution or a product absorbs [bias] [add in place] [relu | relu6].
Verdict CheckTail(std::span<const PostOp> before, const PostOp& next) {
  const auto has = [&](auto&& test) { return std::any_of(before.begin(), before.end(), test); };
  if (has([](const PostOp& op) { return IsActivation(op.kind); })) {
    return Verdict::No("an activation is the last operation that oneDNN absorbs here");
  }
  if (next.kind == PostOp::Kind::kResult || next.kind == PostOp::Kind::kScale) {
    return Verdict::No("oneDNN's primitives have one result");
  }
  if (next.kind == PostOp::Kind::kBias && !before.empty()) return Verdict::No("a bias comes before all else");
  if (next.kind == PostOp::Kind::kAdd) {
    if (!next.in_place) return Verdict::No("oneDNN adds to what stands in the result's memory: only an add in place");
    if (has([](const PostOp& op) { return op.kind == PostOp::Kind::kAdd; })) return Verdict::No("one add at most");
  }
  return Verdict::Yes();
}

Verdict CheckOperand(const NodeContext& context, const PostOp& next) {
  if (next.operand == kNoValue) return Verdict::Yes();
  const TensorType& operand = context.program.values[static_cast<size_t>(next.operand)].type;
  const TensorType& result = context.output(0).type;
  const bool fits =
      next.kind == PostOp::Kind::kBias ? operand == TensorType{result.dtype, {result.shape.back()}} : operand == result;
  if (fits) return Verdict::Yes();
  return Verdict::No("the operand " + ToString(operand) + " does not fit the result " + ToString(result));
}

Verdict Check(const NodeContext& context, std::span<const PostOp> before, const PostOp& next) {
  switch (context.node.op) {
    case OpKind::kConv2d:
    case OpKind::kMatmul:
      if (Verdict verdict = CheckTail(before, next); !verdict) return verdict;
      return CheckOperand(context, next);
    case OpKind::kAdd:
    case OpKind::kSub:
    case OpKind::kMul:
    case OpKind::kBiasAdd:
    case OpKind::kBatchNorm:
      if (!before.empty() || !IsActivation(next.kind)) return Verdict::No(OpName(context) + " absorbs one activation");
      return Verdict::Yes();
    default:
      return Verdict::No("the onednn backend computes " + OpName(context) + " alone");
  }
}

}  // namespace

Verdict SupportsNode(const NodeContext& context) {
  const Node& node = context.node;
  const std::span<const DType> floats =
      TakesFloat64(node.op) ? std::span<const DType>(cpu::kFloat32And64) : cpu::kFloat32;
  if (Verdict verdict = cpu::ComputesIn(context, "onednn", floats); !verdict) return verdict;
  if (Info(node.op).product && !IsEmpty(context.output(0)) &&
      (IsEmpty(context.input(0)) || IsEmpty(context.input(1)))) {
    return Verdict::No(OpName(context) + " makes a result that is not empty out of an empty input");
  }
  for (size_t i = 0; i < node.post_ops.size(); ++i) {
    // A second result is not oneDNN's (amx_conv.h): whoever makes it looks at what belongs to it.
    if (node.op == OpKind::kConv2d && node.post_ops[i].kind == PostOp::Kind::kResult) break;
    const std::span before = std::span(node.post_ops).first(i);
    if (Verdict verdict = Check(context, before, node.post_ops[i]); !verdict) return verdict;
  }
  return Verdict::Yes();
}

Verdict FusesPostOp(const NodeContext& context, const PostOp& next) {
  return Check(context, context.node.post_ops, next);
}

}  // namespace slimnet::onednn
