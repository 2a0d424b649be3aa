// The gradient of a convolution's filter: x, dy -> dfilter, in float32.
#include "backends/cudnn/filter_layout.h"
#include "backends/cudnn/kernel_of.h"
#include "backends/cudnn/ops.h"
#include "backends/cudnn/plan_step.h"
#include "backends/cudnn/stored.h"

namespace slimnet::cudnn {
namespace {

Verdict SupportsConv2dBackwardFilter(const OpContext& context) {
  if (StoredDType(context.input(0)) == StoredDType(context.input(1))) return Verdict::Yes();
  return Verdict::No("cuDNN multiplies numbers of one precision");
}

std::unique_ptr<Kernel> PrepareConv2dBackwardFilter(const OpContext& context) {
  if (IsEmpty(context.input(0)) || IsEmpty(context.input(1))) return ZerosOf(context);
  const Shape& shape = context.output(0).type.shape;
  const FilterLayout layout(shape, DType::kFloat32, shape[2]);
  Graph graph;
  const Tensor x = graph.Stored(StoredDType(context.input(0)), ImageExtents(context.input(0).type.shape));
  const Tensor dy = graph.Stored(StoredDType(context.input(1)), ImageExtents(context.input(1).type.shape));
  Tensor dw = graph.ConvolutionBackwardFilter(
      x, dy, ConvolutionWindow(std::get<Conv2dBackwardFilterAttrs>(context.node.attrs)), layout.extents());
  // cuDNN has no engine that writes another type than it reads, but ones with another step behind.
  if (graph.info(x).type != DType::kFloat32) dw = graph.Apply(Pointwise::kIdentity, dw);
  graph.Store(dw, DType::kFloat32);
  PlanStep step(context, graph,
                {{x, TensorPlace::Input(0)}, {dy, TensorPlace::Input(1)}, {dw, TensorPlace::Scratch(0)}});
  const size_t packed = AlignedBytes(layout.bytes());
  std::string implementation = step.implementation() + " + unpack";
  const size_t scratch = packed + step.scratch_bytes();
  return KernelOf(
      std::move(implementation),
      [step = std::move(step), packed, layout](Queue& queue, const Bindings& bindings) {
        step.Run(queue, bindings, packed);
        UnpackFilter(queue, layout, bindings.scratch, bindings.outputs[0]);
      },
      scratch);
}

}  // namespace

constexpr OpEntry kConv2dBackwardFilter{
    .reads_low_precision = true, .supports = SupportsConv2dBackwardFilter, .prepare = PrepareConv2dBackwardFilter};

}  // namespace slimnet::cudnn
