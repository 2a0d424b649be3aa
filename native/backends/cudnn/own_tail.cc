#include "backends/cudnn/own_tail.h"

namespace slimnet::cudnn {

static_assert(static_cast<int>(TailKind::kAdd) == static_cast<int>(PostOp::Kind::kAdd));
static_assert(static_cast<int>(TailKind::kRelu) == static_cast<int>(PostOp::Kind::kRelu));
static_assert(static_cast<int>(TailKind::kRelu6) == static_cast<int>(PostOp::Kind::kRelu6));
static_assert(static_cast<int>(TailKind::kReluBackward) == static_cast<int>(PostOp::Kind::kReluBackward));
static_assert(static_cast<int>(TailKind::kRelu6Backward) == static_cast<int>(PostOp::Kind::kRelu6Backward));

Verdict FusesOwnTail(const OpContext& context, std::span<const PostOp> before, const PostOp& next) {
  const std::string op(Info(context.node.op).name);
  if (next.kind == PostOp::Kind::kResult) return Verdict::No("the cudnn backend gives " + op + " one result");
  if (IsByChannel(next.kind)) return Verdict::No("the cudnn backend absorbs nothing by channel into " + op);
  if (before.size() >= kMostTailOps) return Verdict::No(op + " has absorbed as many ops as a kernel takes");
  return Verdict::Yes();
}

OwnTail::OwnTail(const NodeContext& node) {
  for (size_t i = 0; i < node.node.post_ops.size(); ++i) {
    const PostOp& op = node.node.post_ops[i];
    absorbed_.push_back(
        {static_cast<TailKind>(op.kind), FloatsOf(op.operand == kNoValue ? node.output(0) : node.operand(i))});
  }
}

std::span<const TailOp> OwnTail::At(const Bindings& bindings, Room& room) const {
  for (size_t i = 0; i < absorbed_.size(); ++i) {
    room[i] = {absorbed_[i].kind, absorbed_[i].operand(bindings.operands[i])};
  }
  return std::span(room).first(absorbed_.size());
}

}  // namespace slimnet::cudnn
