// Into a layout that a product or convolution asked for; between ways of storing numbers; or a copy.
#include "backends/cudnn/filled_layout.h"
#include "backends/cudnn/filter_layout.h"
#include "backends/cudnn/floats_of.h"
#include "backends/cudnn/kernel_of.h"
#include "backends/cudnn/kernels/elementwise.h"
#include "backends/cudnn/kernels/pack.h"
#include "backends/cudnn/ops.h"
#include "backends/cudnn/rounded_layout.h"

namespace slimnet::cudnn {
namespace {

std::unique_ptr<Kernel> PrepareReorder(const OpContext& context) {
  if (const FilterLayout* to = FilterLayoutOf(context.output(0))) {
    return KernelOf("pack", [layout = *to](Queue& queue, const Bindings& b) {
      PackFilter(queue, layout, b.inputs[0], b.outputs[0]);
    });
  }
  if (const FilledLayout* to = FilledLayoutOf(context.output(0))) {
    return KernelOf("pad", [from = FloatsOf(context.input(0)), stored = to->stored(), pixels = to->pixels(),
                            channels = to->channels(), filled = to->filled()](Queue& queue, const Bindings& b) {
      PadChannels(queue, pixels, channels, filled, from(b.inputs[0]), {}, {b.outputs[0], stored});
    });
  }
  if (IsRounded(context.output(0))) {
    return KernelOf("convert", [from = FloatsOf(context.input(0)), count = ElementCount(context.output(0).type.shape)](
                                   Queue& queue, const Bindings& b) {
      Compute(queue, Unary::kIdentity, from(b.inputs[0]), {b.outputs[0], DType::kBFloat16}, count);
    });
  }
  if (IsLowPrecision(context)) {
    return KernelOf("convert", [from = FloatsOf(context.input(0)), to = FloatsOf(context.output(0)),
                                count = ElementCount(context.output(0).type.shape)](Queue& queue, const Bindings& b) {
      Compute(queue, Unary::kIdentity, from(b.inputs[0]), to(b.outputs[0]), count);
    });
  }
  return KernelOf("copy", [bytes = context.output(0).bytes()](Queue& queue, const Bindings& b) {
    queue.Copy(b.outputs[0], b.inputs[0], bytes);
  });
}

}  // namespace

constexpr OpEntry kReorder{.reads_low_precision = true, .prepare = PrepareReorder};

}  // namespace slimnet::cudnn
