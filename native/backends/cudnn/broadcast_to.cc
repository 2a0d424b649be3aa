#include "backends/cudnn/kernel_of.h"
#include "backends/cudnn/kernels/move.h"
#include "backends/cudnn/ops.h"

namespace slimnet::cudnn {
namespace {

std::unique_ptr<Kernel> PrepareBroadcastTo(const OpContext& context) {
  const Value& x = context.input(0);
  const Movement movement = Movement::BroadcastTo(x.type.shape, context.output(0).type.shape, BytesOf(x.type.dtype));
  return KernelOf("own", [=](Queue& queue, const Bindings& b) { Move(queue, movement, b.inputs[0], b.outputs[0]); });
}

}  // namespace

constexpr OpEntry kBroadcastTo{.prepare = PrepareBroadcastTo};

}  // namespace slimnet::cudnn
