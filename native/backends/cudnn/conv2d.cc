// Convolution with its fused tail, as one plan of cuDNN's. Of images of few channels, in low precision, the channels
// are filled up with zeros before: tensor cores read eight at once.
#include "backends/cudnn/filter_layout.h"
#include "backends/cudnn/floats_of.h"
#include "backends/cudnn/kernel_of.h"
#include "backends/cudnn/kernels/pack.h"
#include "backends/cudnn/ops.h"
#include "backends/cudnn/packed_filter.h"
#include "backends/cudnn/plan_step.h"
#include "backends/cudnn/stored.h"
#include "backends/cudnn/tail.h"

namespace slimnet::cudnn {
namespace {

constexpr int64_t kCoreChannels = 8;  // that a tensor core reads at once, of 16 bits each

// Of no channels: zeros.
bool ConvolvesNothing(const OpContext& context) { return IsEmpty(context.input(0)) || IsEmpty(context.input(1)); }

// Whether the step fills the channels of its image up. It then reads float32 as well as it does bfloat16.
bool PadsImage(const OpContext& context) {
  return IsLowPrecision(context) && context.input(0).type.shape[3] < kCoreChannels;
}

DType MultipliedAs(const OpContext& context) {
  return PadsImage(context) ? DType::kBFloat16 : StoredDType(context.input(0));
}

FilterLayout ConvolutionFilter(const OpContext& context) {
  const Shape& filter = context.input(1).type.shape;
  return {filter, MultipliedAs(context), PadsImage(context) ? kCoreChannels : filter[2]};
}

Verdict SupportsConv2d(const OpContext& context) {
  if (ConvolvesNothing(context) || !IsLowPrecision(context) || PadsImage(context)) return Verdict::Yes();
  if (!context.input(0).encoding) return Verdict::No("cuDNN multiplies in the precision that it reads");
  return Verdict::Yes();
}

Verdict FusesBehindConv2d(const OpContext& context, std::span<const PostOp> before, const PostOp& next) {
  if (ConvolvesNothing(context)) return Verdict::No("of empty inputs there are zeros, which absorb nothing");
  return FusesTail(context, before, next);
}

LayoutPtr PreferConv2d(const OpContext& context, size_t input) {
  if (input != 1 || ConvolvesNothing(context)) return nullptr;
  return std::make_shared<FilterLayout>(ConvolutionFilter(context));
}

std::unique_ptr<Kernel> PrepareConv2d(const OpContext& context) {
  if (ConvolvesNothing(context)) return ZerosOf(context);
  const PackedFilter filter(context, 1, ConvolutionFilter(context));
  const Shape& shape = context.input(0).type.shape;
  const bool pads = PadsImage(context);
  Extents image = ImageExtents(shape);
  if (pads) image[1] = kCoreChannels;
  const DType stored = MultipliedAs(context);
  const size_t padded_bytes =
      pads ? AlignedBytes(static_cast<size_t>(shape[0] * shape[1] * shape[2] * kCoreChannels) * BytesOf(stored)) : 0;

  Graph graph;
  const Tensor x = graph.Stored(stored, image);
  const Tensor w = graph.Stored(stored, filter.layout().extents());
  std::vector<PlacedTensor> placed{{x, pads ? TensorPlace::Scratch(filter.scratch_bytes()) : TensorPlace::Input(0)},
                                   {w, filter.place()}};
  const Tensor y = graph.Convolution(x, w, ConvolutionWindow(std::get<Conv2dAttrs>(context.node.attrs)));
  AddTail(graph, context, y, placed);
  PlanStep step(context, graph, std::move(placed));
  if (!pads) return filter.KernelWith(std::move(step));

  const size_t workspace = filter.scratch_bytes() + padded_bytes;
  std::string implementation = "pad + " + step.implementation();
  const size_t scratch = workspace + step.scratch_bytes();
  return KernelOf(
      std::move(implementation),
      [step = std::move(step), filter, workspace, pixels = shape[0] * shape[1] * shape[2], channels = shape[3],
       from = FloatsOf(context.input(0))](Queue& queue, const Bindings& b) {
        filter.Pack(queue, b);
        PadChannels(queue, pixels, channels, kCoreChannels, from(b.inputs[0]), {}, {},
                    {b.scratch + filter.scratch_bytes(), DType::kBFloat16});
        step.Run(queue, b, workspace);
      },
      scratch);
}

}  // namespace

constexpr OpEntry kConv2d{.reads_low_precision = true,
                          .supports = SupportsConv2d,
                          .fuses = FusesBehindConv2d,
                          .prefers = PreferConv2d,
                          .prepare = PrepareConv2d};

}  // namespace slimnet::cudnn
