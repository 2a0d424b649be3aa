// Convolution with its fused tail, as one plan of cuDNN's. Of images of few channels, in low precision, the channels
// are filled up with zeros before: tensor cores read 16 bytes of them at once.
#include <algorithm>

#include "backends/cudnn/aligned.h"
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

// What a tensor core reads at once, in channels of a type.
int64_t CoreChannels(DType type) { return 16 / static_cast<int64_t>(BytesOf(type)); }

// Of no channels: zeros.
bool ConvolvesNothing(const OpContext& context) { return IsEmpty(context.input(0)) || IsEmpty(context.input(1)); }

// As what image and filter are multiplied. Of an image that is filled up, float32 becomes bfloat16 on the way, in int8
// too: a first layer then sees its input nearly as it is.
DType MultipliedAs(const OpContext& context) {
  const Value& image = context.input(0);
  const bool few = image.type.shape[3] < CoreChannels(DType::kBFloat16);
  return !image.encoding && IsLowPrecision(context) && few ? DType::kBFloat16 : StoredDType(image);
}

int64_t ImageChannels(const OpContext& context) {
  const int64_t channels = context.input(0).type.shape[3];
  return IsLowPrecision(context) ? std::max(channels, CoreChannels(MultipliedAs(context))) : channels;
}

// Whether the step fills the channels of its image up.
bool PadsImage(const OpContext& context) { return ImageChannels(context) != context.input(0).type.shape[3]; }

FilterLayout ConvolutionFilter(const OpContext& context) {
  return {context.input(1).type.shape, MultipliedAs(context), ImageChannels(context)};
}

Verdict SupportsConv2d(const OpContext& context) {
  if (ConvolvesNothing(context) || !IsLowPrecision(context)) return Verdict::Yes();
  return SupportsFactor(MultipliedAs(context));
}

Verdict FusesBehindConv2d(const OpContext& context, std::span<const PostOp> before, const PostOp& next) {
  if (ConvolvesNothing(context)) return Verdict::No("of empty inputs there are zeros, which absorb nothing");
  return FusesTail(context, before, next);
}

LayoutPtr PreferConv2d(const OpContext& context, size_t input) {
  if (ConvolvesNothing(context)) return nullptr;
  const size_t inputs = context.node.inputs.size();
  if (input >= inputs) return TailOperandLayout(context, input - inputs);
  if (input != 1) return nullptr;
  return std::make_shared<FilterLayout>(ConvolutionFilter(context));
}

std::unique_ptr<Kernel> PrepareConv2d(const OpContext& context) {
  if (ConvolvesNothing(context)) return ZerosOf(context);
  const PackedFilter filter(context, 1, ConvolutionFilter(context));
  const Shape& shape = context.input(0).type.shape;
  const bool pads = PadsImage(context);
  Extents image = ImageExtents(shape);
  image[1] = filter.layout().channels();
  const DType stored = filter.layout().stored();

  Graph graph;
  const Tensor x = graph.Stored(stored, image);
  const Tensor w = graph.Stored(stored, filter.layout().extents());
  std::vector<PlacedTensor> placed{{x, pads ? TensorPlace::Scratch(filter.scratch_bytes()) : TensorPlace::Input(0)},
                                   {w, filter.place()}};
  const Tensor sums = graph.Convolution(x, w, ConvolutionWindow(std::get<Conv2dAttrs>(context.node.attrs)));
  AddTail(graph, context, ProductsOf(graph, context, filter, sums, placed), placed);
  const size_t padded_bytes = pads ? AlignedBytes(graph.info(x).bytes()) : 0;
  PlanStep step(context, graph, std::move(placed));
  if (!pads) return filter.KernelWith(std::move(step));

  const size_t workspace = filter.scratch_bytes() + padded_bytes;
  std::string implementation = "pad + " + step.implementation();
  const size_t scratch = workspace + step.scratch_bytes();
  return KernelOf(
      std::move(implementation),
      [step = std::move(step), filter, workspace, stored, pixels = shape[0] * shape[1] * shape[2], channels = shape[3],
       from = FloatsOf(context.input(0)), unit = StepOf(context.input(0))](Queue& queue, const Bindings& b) {
        filter.Pack(queue, b);
        PadChannels(queue, pixels, channels, filter.layout().channels(), from(b.inputs[0]), {}, {},
                    {b.scratch + filter.scratch_bytes(), stored, unit});
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
