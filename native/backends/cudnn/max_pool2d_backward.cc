#include "backends/cudnn/floats_of.h"
#include "backends/cudnn/kernel_of.h"
#include "backends/cudnn/kernels/pool.h"
#include "backends/cudnn/ops.h"
#include "backends/cudnn/pixel_window.h"

namespace slimnet::cudnn {
namespace {

std::unique_ptr<Kernel> PrepareMaxPool2dBackward(const OpContext& context) {
  const auto& attrs = std::get<MaxPool2dBackwardAttrs>(context.node.attrs);
  const PixelWindow window =
      PixelWindowOf(context.output(0).type.shape, context.input(1).type.shape, attrs, attrs.ksize);
  const auto run = [=, x = FloatsOf(context.input(0)), dy = FloatsOf(context.input(1)),
                    dx = FloatsOf(context.output(0))](Queue& queue, const Bindings& b) {
    MaxPoolBackward(queue, window, x(b.inputs[0]), dy(b.inputs[1]), dx(b.outputs[0]), b.scratch);
  };
  return KernelOf("own", run, MaxPoolBackwardScratchBytes(window));
}

}  // namespace

constexpr OpEntry kMaxPool2dBackward{.reads_low_precision = true, .prepare = PrepareMaxPool2dBackward};

}  // namespace slimnet::cudnn
