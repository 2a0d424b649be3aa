// By a kernel of our own. cuDNN's engines take an attribute by which a NaN wins, but are the same with and without it
// where there is no device to see what they make of it.
#include "backends/cudnn/floats_of.h"
#include "backends/cudnn/kernel_of.h"
#include "backends/cudnn/kernels/pool.h"
#include "backends/cudnn/ops.h"
#include "backends/cudnn/pixel_window.h"

namespace slimnet::cudnn {
namespace {

std::unique_ptr<Kernel> PrepareMaxPool2d(const OpContext& context) {
  const auto& attrs = std::get<MaxPool2dAttrs>(context.node.attrs);
  const PixelWindow window =
      PixelWindowOf(context.input(0).type.shape, context.output(0).type.shape, attrs, attrs.ksize);
  return KernelOf("own",
                  [window, x = FloatsOf(context.input(0)), y = FloatsOf(context.output(0))](
                      Queue& queue, const Bindings& b) { MaxPool(queue, window, x(b.inputs[0]), y(b.outputs[0])); });
}

}  // namespace

constexpr OpEntry kMaxPool2d{.reads_low_precision = true, .prepare = PrepareMaxPool2d};

}  // namespace slimnet::cudnn
