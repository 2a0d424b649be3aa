// The gradient of a convolution's image: filter, dy -> dx. Where cuDNN has no engine (pixels of dy that saw padding
// alone, images of an odd number of channels in bfloat16, some very small ones) that is a kernel of our own.
#include "backends/cudnn/filled_image.h"
#include "backends/cudnn/filter_layout.h"
#include "backends/cudnn/floats_of.h"
#include "backends/cudnn/kernel_of.h"
#include "backends/cudnn/kernels/direct.h"
#include "backends/cudnn/ops.h"
#include "backends/cudnn/packed_filter.h"
#include "backends/cudnn/pixel_window.h"
#include "backends/cudnn/plan_step.h"
#include "backends/cudnn/stored.h"
#include "backends/cudnn/tail.h"

namespace slimnet::cudnn {
namespace {

bool HasNoGradient(const OpContext& context) { return IsEmpty(context.input(0)) || IsEmpty(context.input(1)); }

DType SlopeType(const OpContext& context) { return StoredDType(context.input(1)); }

bool SomeSawPaddingAlone(const OpContext& context) {
  const auto& attrs = std::get<Conv2dBackwardDataAttrs>(context.node.attrs);
  const Shape& filter = context.input(0).type.shape;
  const auto reach = [&](size_t axis) { return (filter[axis] - 1) * attrs.dilations[axis] + 1; };
  return attrs.pads[0] >= reach(0) || attrs.pads[1] >= reach(0) || attrs.pads[2] >= reach(1) ||
         attrs.pads[3] >= reach(1);
}

// Whether cuDNN computes the gradient alone, without what is absorbed.
bool HasEngine(const OpContext& context) {
  const Shape& filter = context.input(0).type.shape;
  Extents slope = ImageExtents(context.input(1).type.shape);
  slope[1] = FilledChannels(SlopeType(context), slope[1]);
  Graph graph;
  const Tensor dy = graph.Stored(SlopeType(context), slope);
  const Tensor w = graph.Stored(SlopeType(context), {slope[1], filter[2], filter[0], filter[1]});
  const Window window = ConvolutionWindow(std::get<Conv2dBackwardDataAttrs>(context.node.attrs));
  const Tensor dx = graph.ConvolutionBackwardData(dy, w, window, ImageExtents(context.output(0).type.shape));
  graph.Store(dx, SlopeType(context));
  return static_cast<bool>(context.device.plans->Check(graph, WidestRules(context.device)));
}

bool IsDirect(const OpContext& context) {
  const int64_t channels = context.output(0).type.shape[3];
  return SomeSawPaddingAlone(context) || FilledChannels(SlopeType(context), channels) != channels ||
         !HasEngine(context);
}

// Whether dy is filled up, and the filter with it.
bool FillsSlope(const OpContext& context) {
  const int64_t channels = context.input(1).type.shape[3];
  return FilledChannels(SlopeType(context), channels) != channels;
}

std::unique_ptr<Kernel> Direct(const OpContext& context) {
  const auto& attrs = std::get<Conv2dBackwardDataAttrs>(context.node.attrs);
  const Shape& filter = context.input(0).type.shape;
  const Convolution convolution{PixelWindowOf(context.output(0).type.shape, context.input(1).type.shape, attrs,
                                              {filter[0], filter[1]}, attrs.dilations),
                                filter[3]};
  return KernelOf("own", [convolution, w = FloatsOf(context.input(0)), dy = FloatsOf(context.input(1)),
                          dx = FloatsOf(context.output(0))](Queue& queue, const Bindings& b) {
    DirectBackwardData(queue, convolution, w(b.inputs[0]), dy(b.inputs[1]), dx(b.outputs[0]));
  });
}

// In the precision of dy.
FilterLayout BackwardFilter(const OpContext& context) {
  const Shape& filter = context.input(0).type.shape;
  return {filter, SlopeType(context), filter[2]};
}

Verdict SupportsConv2dBackwardData(const OpContext& context) {
  if (HasNoGradient(context) || !IsLowPrecision(context)) return Verdict::Yes();
  if (!context.input(1).encoding) return Verdict::No("cuDNN multiplies in the precision that it reads");
  return Verdict::Yes();
}

Verdict FusesBehindConv2dBackwardData(const OpContext& context, std::span<const PostOp> before, const PostOp& next) {
  if (HasNoGradient(context)) return Verdict::No("of empty inputs there are zeros, which absorb nothing");
  if (IsDirect(context)) return Verdict::No("cuDNN has no engine for it, and the own kernel absorbs nothing");
  if (next.kind != PostOp::Kind::kAdd) return Verdict::No("a gradient absorbs sums alone");
  return FusesTail(context, before, next);
}

LayoutPtr PreferConv2dBackwardData(const OpContext& context, size_t input) {
  if (input != 0 || HasNoGradient(context) || IsDirect(context) || FillsSlope(context)) return nullptr;
  return std::make_shared<FilterLayout>(BackwardFilter(context));
}

// The gradient and its tail, of a filter and a dy that are put into `placed`.
void AddGradient(Graph& graph, const OpContext& context, Tensor w, Tensor dy, std::vector<PlacedTensor>& placed) {
  const Window window = ConvolutionWindow(std::get<Conv2dBackwardDataAttrs>(context.node.attrs));
  const Tensor dx = graph.ConvolutionBackwardData(dy, w, window, ImageExtents(context.output(0).type.shape));
  AddTail(graph, context, dx, placed);
}

std::unique_ptr<Kernel> OfFilledSlope(const OpContext& context) {
  const Shape& shape = context.input(0).type.shape;
  const FilledImage slope(context, 1, 0);
  const FilterShape packed{.taps = shape[0] * shape[1],
                           .channels = shape[2],
                           .filters = shape[3],
                           .packed_channels = shape[2],
                           .packed_filters = slope.channels()};
  const DType stored = SlopeType(context);
  Graph graph;
  const Tensor dy = slope.AddTo(graph);
  const Tensor w = graph.Stored(stored, {packed.packed_filters, packed.packed_channels, shape[0], shape[1]});
  const size_t filter = slope.scratch_bytes();
  const size_t workspace = filter + AlignedBytes(graph.info(w).bytes());
  std::vector<PlacedTensor> placed{{dy, slope.place()}, {w, TensorPlace::Scratch(filter)}};
  AddGradient(graph, context, w, dy, placed);
  PlanStep step(context, graph, std::move(placed));
  std::string implementation = "pad + pack + " + step.implementation();
  const size_t scratch = workspace + step.scratch_bytes();
  return KernelOf(
      std::move(implementation),
      [step = std::move(step), slope, packed, stored, filter, workspace](Queue& queue, const Bindings& bindings) {
        slope.Fill(queue, bindings);
        PackFilter(queue, packed, bindings.inputs[0], {bindings.scratch + filter, stored});
        step.Run(queue, bindings, workspace);
      },
      scratch);
}

std::unique_ptr<Kernel> PrepareConv2dBackwardData(const OpContext& context) {
  if (HasNoGradient(context)) return ZerosOf(context);
  if (IsDirect(context)) return Direct(context);
  if (FillsSlope(context)) return OfFilledSlope(context);
  const PackedFilter filter(context, 0, BackwardFilter(context));
  Graph graph;
  const Tensor dy = graph.Stored(SlopeType(context), ImageExtents(context.input(1).type.shape));
  const Tensor w = graph.Stored(filter.layout().stored(), filter.layout().extents());
  std::vector<PlacedTensor> placed{{dy, TensorPlace::Input(1)}, {w, filter.place()}};
  AddGradient(graph, context, w, dy, placed);
  return filter.KernelWith(PlanStep(context, graph, std::move(placed)));
}

}  // namespace

constexpr OpEntry kConv2dBackwardData{.reads_low_precision = true,
                                      .supports = SupportsConv2dBackwardData,
                                      .fuses = FusesBehindConv2dBackwardData,
                                      .prefers = PreferConv2dBackwardData,
                                      .prepare = PrepareConv2dBackwardData};

}  // namespace slimnet::cudnn
