#include "backends/onednn/fused_tail.h"

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

}  // namespace

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
    }
  }
  tail.attr.set_post_ops(ops);
  return tail;
}

void AddTail(Key& key, const NodeContext& node) {
  for (const PostOp& post_op : node.node.post_ops) key.Add(static_cast<int64_t>(post_op.kind));
}

}  // namespace slimnet::onednn
