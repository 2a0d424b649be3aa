#include "backends/cudnn/kernel_of.h"
#include "backends/cudnn/kernels/move.h"
#include "backends/cudnn/ops.h"

namespace slimnet::cudnn {
namespace {

std::unique_ptr<Kernel> PrepareTranspose(const OpContext& context) {
  const Value& x = context.input(0);
  const Movement movement =
      Movement::Transpose(x.type.shape, std::get<TransposeAttrs>(context.node.attrs).perm, BytesOf(x.type.dtype));
  return KernelOf("own", [=](Queue& queue, const Bindings& b) { Move(queue, movement, b.inputs[0], b.outputs[0]); });
}

}  // namespace

constexpr OpEntry kTranspose{.prepare = PrepareTranspose};

}  // namespace slimnet::cudnn
