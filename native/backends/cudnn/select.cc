#include "backends/cudnn/kernel_of.h"
#include "backends/cudnn/kernels/move.h"
#include "backends/cudnn/ops.h"

namespace slimnet::cudnn {
namespace {

std::unique_ptr<Kernel> PrepareSelect(const OpContext& context) {
  const SelectShape shape(context.input(0).type.shape, context.input(1).type.shape, context.input(2).type.shape,
                          context.output(0).type.shape, BytesOf(context.output(0).type.dtype));
  return KernelOf("own", [=](Queue& queue, const Bindings& b) {
    Select(queue, shape, b.inputs[0], b.inputs[1], b.inputs[2], b.outputs[0]);
  });
}

}  // namespace

constexpr OpEntry kSelect{.prepare = PrepareSelect};

}  // namespace slimnet::cudnn
