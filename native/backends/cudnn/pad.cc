#include "backends/cudnn/floats_of.h"
#include "backends/cudnn/kernel_of.h"
#include "backends/cudnn/kernels/elementwise.h"
#include "backends/cudnn/kernels/move.h"
#include "backends/cudnn/ops.h"

namespace slimnet::cudnn {
namespace {

std::unique_ptr<Kernel> PreparePad(const OpContext& context) {
  const Value& x = context.input(0);
  const Value& y = context.output(0);
  const Movement movement =
      Movement::Pad(x.type.shape, std::get<PadAttrs>(context.node.attrs).pads, BytesOf(StoredDType(x)));
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

}  // namespace

constexpr OpEntry kPad{.reads_low_precision = true, .prepare = PreparePad};

}  // namespace slimnet::cudnn
