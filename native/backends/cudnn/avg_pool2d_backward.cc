#include "backends/cudnn/floats_of.h"
#include "backends/cudnn/kernel_of.h"
#include "backends/cudnn/kernels/pool.h"
#include "backends/cudnn/ops.h"
#include "backends/cudnn/pixel_window.h"

namespace slimnet::cudnn {
namespace {

std::unique_ptr<Kernel> PrepareAvgPool2dBackward(const OpContext& context) {
  const auto& attrs = std::get<AvgPool2dBackwardAttrs>(context.node.attrs);
  const PixelWindow window =
      PixelWindowOf(context.output(0).type.shape, context.input(0).type.shape, attrs, attrs.ksize);
  return KernelOf(
      "own", [=, dy = FloatsOf(context.input(0)), dx = FloatsOf(context.output(0))](Queue& queue, const Bindings& b) {
        AvgPoolBackward(queue, window, dy(b.inputs[0]), dx(b.outputs[0]));
      });
}

}  // namespace

constexpr OpEntry kAvgPool2dBackward{.prepare = PrepareAvgPool2dBackward};

}  // namespace slimnet::cudnn
