#include "backends/onednn/norm_tail.h"

#include <string>

namespace slimnet::onednn {

Verdict FusesSum(const OpContext& context, std::span<const PostOp> before, const PostOp& next) {
  if (next.kind == PostOp::Kind::kAdd && before.empty()) {
    if (next.operand == kNoValue || context.program.values[At(next.operand)].type == context.output(0).type)
      return Verdict::Yes();
  }
  return Verdict::No(std::string(Info(context.node.op).name) + " absorbs one sum");
}

Verdict FusesSumAndActivation(const OpContext& context, std::span<const PostOp> before, const PostOp& next) {
  if (IsActivation(next.kind) && (before.empty() || !IsActivation(before.back().kind))) return Verdict::Yes();
  return FusesSum(context, before, next);
}

NormTail::NormTail(const Node& node) {
  for (size_t i = 0; i < node.post_ops.size(); ++i) {
    const PostOp::Kind kind = node.post_ops[i].kind;
    if (kind == PostOp::Kind::kAdd) add = i;
    if (IsActivation(kind)) ends.low = 0;
    if (kind == PostOp::Kind::kRelu6) ends.high = 6;
  }
}

}  // namespace slimnet::onednn
