// By a plan of cuDNN's; of integers by a kernel of our own, as cuDNN has no engine that also goes from steps to others.
#include "backends/cudnn/floats_of.h"
#include "backends/cudnn/kernel_of.h"
#include "backends/cudnn/kernels/pool.h"
#include "backends/cudnn/ops.h"
#include "backends/cudnn/pixel_window.h"
#include "backends/cudnn/plan_step.h"
#include "backends/cudnn/stored.h"

namespace slimnet::cudnn {
namespace {

std::unique_ptr<Kernel> PrepareAvgPool2d(const OpContext& context) {
  const auto& attrs = std::get<AvgPool2dAttrs>(context.node.attrs);
  const Value& image = context.input(0);
  const Value& means = context.output(0);
  if (StepOf(image) != 0 || StepOf(means) != 0) {
    const PixelWindow window = PixelWindowOf(image.type.shape, means.type.shape, attrs, attrs.ksize);
    return KernelOf("own", [window, x = FloatsOf(image), y = FloatsOf(means)](Queue& queue, const Bindings& b) {
      AvgPool(queue, window, x(b.inputs[0]), y(b.outputs[0]));
    });
  }
  const Window window{.before = {attrs.pads[0], attrs.pads[2]},
                      .after = {attrs.pads[1], attrs.pads[3]},
                      .strides = attrs.strides,
                      .size = attrs.ksize};
  Graph graph;
  const Tensor x = graph.Stored(StoredDType(image), ImageExtents(image.type.shape));
  const Tensor y = graph.Pooling(Pool::kAverage, x, window);
  graph.Store(y, StoredDType(means));
  return KernelOf(PlanStep(context, graph, {{x, TensorPlace::Input(0)}, {y, TensorPlace::Output(0)}}));
}

}  // namespace

constexpr OpEntry kAvgPool2d{.reads_low_precision = true, .prepare = PrepareAvgPool2d};

}  // namespace slimnet::cudnn
