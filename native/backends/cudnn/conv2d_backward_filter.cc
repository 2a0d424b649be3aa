// The gradient of a convolution's filter: x, dy -> dfilter, in float32. Where cuDNN has no engine that the rules allow,
// by a kernel of our own.
#include "backends/cudnn/aligned.h"
#include "backends/cudnn/filled_image.h"
#include "backends/cudnn/kernel_of.h"
#include "backends/cudnn/kernels/direct.h"
#include "backends/cudnn/kernels/pack.h"
#include "backends/cudnn/ops.h"
#include "backends/cudnn/pixel_window.h"
#include "backends/cudnn/plan_step.h"
#include "backends/cudnn/stored.h"

namespace slimnet::cudnn {
namespace {

Verdict SupportsConv2dBackwardFilter(const OpContext& context) {
  if (StoredDType(context.input(0)) == StoredDType(context.input(1))) return Verdict::Yes();
  return Verdict::No("cuDNN multiplies numbers of one precision");
}

std::unique_ptr<Kernel> DirectFilter(const OpContext& context) {
  const Shape& filter = context.output(0).type.shape;
  const auto& attrs = std::get<Conv2dBackwardFilterAttrs>(context.node.attrs);
  const Convolution convolution{PixelWindowOf(context.input(0).type.shape, context.input(1).type.shape, attrs,
                                              {filter[0], filter[1]}, attrs.dilations),
                                filter[3]};
  return KernelOf("own", [convolution, x = FloatsOf(context.input(0)), dy = FloatsOf(context.input(1))](
                             Queue& queue, const Bindings& b) {
    DirectBackwardFilter(queue, convolution, x(b.inputs[0]), dy(b.inputs[1]), {b.outputs[0]});
  });
}

std::unique_ptr<Kernel> PrepareConv2dBackwardFilter(const OpContext& context) {
  if (IsEmpty(context.input(0)) || IsEmpty(context.input(1))) return ZerosOf(context);
  const Shape& shape = context.output(0).type.shape;
  const FilledImage image(context, 0, 0);
  const FilledImage slope(context, 1, image.scratch_bytes());
  const size_t result = image.scratch_bytes() + slope.scratch_bytes();
  const FilterShape packed{.taps = shape[0] * shape[1],
                           .channels = shape[2],
                           .filters = shape[3],
                           .packed_channels = image.channels(),
                           .packed_filters = slope.channels()};
  Graph graph;
  const Tensor x = image.AddTo(graph);
  const Tensor dy = slope.AddTo(graph);
  Tensor dw =
      graph.ConvolutionBackwardFilter(x, dy, ConvolutionWindow(std::get<Conv2dBackwardFilterAttrs>(context.node.attrs)),
                                      {packed.packed_filters, packed.packed_channels, shape[0], shape[1]});
  // cuDNN has no engine that writes another type than it reads, but ones with another step behind.
  if (graph.info(x).type != DType::kFloat32) dw = graph.Apply(Pointwise::kIdentity, dw);
  graph.Store(dw, DType::kFloat32);
  if (!HasPlan(context, graph)) return DirectFilter(context);
  const size_t workspace = result + AlignedBytes(graph.info(dw).bytes());
  PlanStep step(context, graph, {{x, image.place()}, {dy, slope.place()}, {dw, TensorPlace::Scratch(result)}});
  std::string implementation = (image.filled() || slope.filled() ? "pad + " : "") + step.implementation() + " + unpack";
  const size_t scratch = workspace + step.scratch_bytes();
  return KernelOf(
      std::move(implementation),
      [step = std::move(step), image, slope, packed, result, workspace](Queue& queue, const Bindings& bindings) {
        image.Fill(queue, bindings);
        slope.Fill(queue, bindings);
        step.Run(queue, bindings, workspace);
        UnpackFilter(queue, packed, {bindings.scratch + result}, bindings.outputs[0]);
      },
      scratch);
}

}  // namespace

constexpr OpEntry kConv2dBackwardFilter{
    .reads_low_precision = true, .supports = SupportsConv2dBackwardFilter, .prepare = PrepareConv2dBackwardFilter};

}  // namespace slimnet::cudnn
