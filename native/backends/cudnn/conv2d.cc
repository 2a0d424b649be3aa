// Convolution with its fused tail, as one plan of cuDNN's. Of images of few channels, in low precision, the channels
// are filled up with zeros before: tensor cores read 16 bytes of them at once.
#include <algorithm>

#include "backends/cudnn/filled_image.h"
#include "backends/cudnn/filter_layout.h"
#include "backends/cudnn/kernel_of.h"
#include "backends/cudnn/ops.h"
#include "backends/cudnn/packed_filter.h"
#include "backends/cudnn/plan_step.h"
#include "backends/cudnn/stored.h"
#include "backends/cudnn/tail.h"

namespace slimnet::cudnn {
namespace {

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

// Filled up behind `offset` of the scratch memory, where that is to be done.
FilledImage ImageOf(const OpContext& context, size_t offset) {
  return {context, 0, MultipliedAs(context), ImageChannels(context), offset};
}

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
  if (input == 0) return ImageOf(context, 0).layout();
  return std::make_shared<FilterLayout>(ConvolutionFilter(context));
}

std::unique_ptr<Kernel> PrepareConv2d(const OpContext& context) {
  if (ConvolvesNothing(context)) return ZerosOf(context);
  const PackedFilter filter(context, 1, ConvolutionFilter(context));
  const FilledImage image = ImageOf(context, filter.scratch_bytes());
  Graph graph;
  const Tensor x = image.AddTo(graph);
  const Tensor w = graph.Stored(filter.layout().stored(), filter.layout().extents());
  std::vector<PlacedTensor> placed{{x, image.place()}, {w, filter.place()}};
  const Tensor sums = graph.Convolution(x, w, ConvolutionWindow(std::get<Conv2dAttrs>(context.node.attrs)));
  AddTail(graph, context, ProductsOf(graph, context, filter, sums, placed), placed);
  PlanStep step(context, graph, std::move(placed));
  if (!image.filled()) return filter.KernelWith(std::move(step));

  const size_t workspace = filter.scratch_bytes() + image.scratch_bytes();
  std::string implementation = "pad + " + step.implementation();
  const size_t scratch = workspace + step.scratch_bytes();
  return KernelOf(
      std::move(implementation),
      [step = std::move(step), filter, image, workspace](Queue& queue, const Bindings& b) {
        filter.Pack(queue, b);
        image.Fill(queue, b);
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
