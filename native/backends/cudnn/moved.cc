#include "backends/cudnn/moved.h"

#include "backends/cudnn/floats_of.h"
#include "backends/cudnn/kernel_of.h"
#include "backends/cudnn/kernels/elementwise.h"
#include "backends/cudnn/stored.h"

namespace slimnet::cudnn {

std::unique_ptr<Kernel> PrepareMovement(const OpContext& context, const Movement& movement) {
  const Value& x = context.input(0);
  const Value& y = context.output(0);
  if (x.encoding == y.encoding) {
    return KernelOf("own", [=](Queue& queue, const Bindings& b) { Move(queue, movement, b.inputs[0], b.outputs[0]); });
  }
  // As the input is stored at first.
  const int64_t count = ElementCount(y.type.shape);
  const auto run = [=, moved = FloatsOf(x), result = FloatsOf(y)](Queue& queue, const Bindings& b) {
    Move(queue, movement, b.inputs[0], b.scratch);
    Compute(queue, Unary::kIdentity, moved(b.scratch), result(b.outputs[0]), count);
  };
  return KernelOf("own", run, static_cast<size_t>(count) * BytesOf(StoredDType(x)));
}

std::unique_ptr<Kernel> PrepareBorders(const OpContext& context, Movement (*made)(Dims from, Dims pads, size_t bytes),
                                       Dims pads) {
  const Value& x = context.input(0);
  return PrepareMovement(context, made(x.type.shape, pads, BytesOf(StoredDType(x))));
}

}  // namespace slimnet::cudnn
