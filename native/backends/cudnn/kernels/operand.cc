#include "backends/cudnn/kernels/operand.h"

#include "base/error.h"

namespace slimnet::cudnn {

Tail::Tail(Queue& queue, std::span<const TailOp> ops) {
  if (ops.size() > kMostTailOps) throw Error(ErrorCode::kInternal, "More ops are absorbed than a kernel takes.");
  for (const TailOp& op : ops) {
    if (op.kind == TailKind::kBias || op.kind == TailKind::kScale) {
      throw Error(ErrorCode::kInternal, "A kernel absorbs no op with an operand by channel.");
    }
    steps_[count_++] = {op.kind, FloatView(queue, op.operand)};
  }
}

bool Tail::by_octets() const {
  return std::all_of(steps_, steps_ + count_, [](const Step& step) { return !step.view || step.view.aligned(); });
}

}  // namespace slimnet::cudnn
