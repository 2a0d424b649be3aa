#include "backends/onednn/fused_tail.h"

#include <algorithm>

#include "backends/onednn/empty.h"
#include "backends/onednn/memory_desc.h"
#include "base/error.h"

namespace slimnet::onednn {

void AppendActivation(dnnl::post_ops& ops, PostOp::Kind kind) {
  if (kind == PostOp::Kind::kRelu) {
    ops.append_eltwise(dnnl::algorithm::eltwise_relu, 0.0F, 0.0F);
  } else {
    ops.append_eltwise(dnnl::algorithm::eltwise_clip, 0.0F, 6.0F);
  }
}

namespace {

// The result is added to what stands in its memory. Integers may have other steps and signs there.
void AppendSum(dnnl::post_ops& ops, const Value& operand, const Value& result) {
  const float step = operand.encoding && operand.encoding->step > 0 ? static_cast<float>(operand.encoding->step) : 1.0F;
  const DType dtype = StoredDType(operand);
  const bool same = dtype == StoredDType(result);
  ops.append_sum(step, 0, same ? dnnl::memory::data_type::undef : DataTypeOf(dtype));
}

Verdict CheckTail(std::span<const PostOp> before, const PostOp& next) {
  const auto has = [&](auto&& test) { return std::any_of(before.begin(), before.end(), test); };
  if (has([](const PostOp& op) { return IsActivation(op.kind); })) {
    return Verdict::No("an activation is the last operation that oneDNN absorbs here");
  }
  if (next.kind == PostOp::Kind::kResult || next.kind == PostOp::Kind::kScale) {
    return Verdict::No("oneDNN's primitives have one result");
  }
  if (IsMask(next.kind)) return Verdict::No("oneDNN's primitives have no mask");
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

}  // namespace

Verdict FusesTail(const OpContext& context, std::span<const PostOp> before, const PostOp& next) {
  if (SumsNothing(context)) return Verdict::No("of empty inputs there are zeros, which absorb nothing");
  if (Verdict verdict = CheckTail(before, next); !verdict) return verdict;
  return CheckOperand(context, next);
}

FusedTail TailOf(const NodeContext& node) {
  FusedTail tail{BaseAttr(), std::nullopt, std::nullopt};
  dnnl::post_ops ops;
  for (size_t i = 0; i < node.node.post_ops.size(); ++i) {
    const PostOp& post_op = node.node.post_ops[i];
    switch (post_op.kind) {
      case PostOp::Kind::kBias:
        tail.bias = i;
        break;
      case PostOp::Kind::kAdd:
        AppendSum(ops, node.operand(i), node.output(0));
        tail.add = i;
        break;
      case PostOp::Kind::kRelu:
      case PostOp::Kind::kRelu6:
        AppendActivation(ops, post_op.kind);
        break;
      case PostOp::Kind::kScale:
      case PostOp::Kind::kResult:
        throw Error(ErrorCode::kInternal, "onednn: a primitive has no second result.").At("", node.node.name);
      case PostOp::Kind::kReluBackward:
      case PostOp::Kind::kRelu6Backward:
        throw Error(ErrorCode::kInternal, "onednn: a primitive has no mask.").At("", node.node.name);
    }
  }
  tail.attr.set_post_ops(ops);
  return tail;
}

void AddTail(Key& key, const NodeContext& node) {
  for (const PostOp& post_op : node.node.post_ops) key.Add(static_cast<int64_t>(post_op.kind));
}

}  // namespace slimnet::onednn
