#include "backends/cudnn/kernel_of.h"
#include "backends/cudnn/ops.h"
#include "backends/cudnn/plan_step.h"
#include "backends/cudnn/stored.h"

namespace slimnet::cudnn {
namespace {

std::unique_ptr<Kernel> PrepareAvgPool2d(const OpContext& context) {
  const auto& attrs = std::get<AvgPool2dAttrs>(context.node.attrs);
  const Window window{.before = {attrs.pads[0], attrs.pads[2]},
                      .after = {attrs.pads[1], attrs.pads[3]},
                      .strides = attrs.strides,
                      .size = attrs.ksize};
  Graph graph;
  const Tensor x = graph.Stored(StoredDType(context.input(0)), ImageExtents(context.input(0).type.shape));
  const Tensor y = graph.Pooling(Pool::kAverage, x, window);
  graph.Store(y, StoredDType(context.output(0)));
  return KernelOf(PlanStep(context, graph, {{x, TensorPlace::Input(0)}, {y, TensorPlace::Output(0)}}));
}

}  // namespace

constexpr OpEntry kAvgPool2d{.reads_low_precision = true, .prepare = PrepareAvgPool2d};

}  // namespace slimnet::cudnn
