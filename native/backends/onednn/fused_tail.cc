#include "backends/onednn/fused_tail.h"

namespace slimnet::onednn {

void AppendActivation(dnnl::post_ops& ops, PostOp::Kind kind) {
  if (kind == PostOp::Kind::kRelu) {
    ops.append_eltwise(dnnl::algorithm::eltwise_relu, 0.0F, 0.0F);
  } else {
    ops.append_eltwise(dnnl::algorithm::eltwise_clip, 0.0F, 6.0F);
  }
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
        ops.append_sum(1.0F);
        tail.add = i;
        break;
      case PostOp::Kind::kRelu:
      case PostOp::Kind::kRelu6:
        AppendActivation(ops, post_op.kind);
        break;
    }
  }
  tail.attr.set_post_ops(ops);
  return tail;
}

void AddTail(Key& key, const NodeContext& node) {
  for (const PostOp& post_op : node.node.post_ops) key.Add(static_cast<int64_t>(post_op.kind));
}

}  // namespace slimnet::onednn
