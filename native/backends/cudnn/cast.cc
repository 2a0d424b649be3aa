#include "backends/cudnn/kernels/cast.h"

#include "backends/cudnn/kernel_of.h"
#include "backends/cudnn/ops.h"

namespace slimnet::cudnn {
namespace {

std::unique_ptr<Kernel> PrepareCast(const OpContext& context) {
  const DType from = context.input(0).type.dtype;
  const DType to = context.output(0).type.dtype;
  const int64_t count = ElementCount(context.output(0).type.shape);
  return KernelOf(
      "own", [=](Queue& queue, const Bindings& b) { Cast(queue, {b.inputs[0], from}, {b.outputs[0], to}, count); });
}

}  // namespace

constexpr OpEntry kCast{.prepare = PrepareCast};

}  // namespace slimnet::cudnn
