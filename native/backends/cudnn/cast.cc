#include "backends/cudnn/kernels/cast.h"

#include <algorithm>
#include <array>

#include "backends/cudnn/filled_layout.h"
#include "backends/cudnn/kernel_of.h"
#include "backends/cudnn/kernels/pack.h"
#include "backends/cudnn/ops.h"
#include "backends/cudnn/stored.h"

namespace slimnet::cudnn {
namespace {

// Bytes of pictures: what is behind them for each channel is done at once, and the channels are filled up as the
// convolution wants it.
bool IsPicture(const OpContext& context) {
  return context.input(0).type.dtype == DType::kUInt8 && context.output(0).type.dtype == DType::kFloat32;
}

Verdict FusesBehindCast(const OpContext& context, std::span<const PostOp> before, const PostOp& next) {
  if (!IsPicture(context)) return Verdict::No("a cast from bytes to float32 absorbs others");
  if (!IsByChannel(next.kind)) return Verdict::No("a cast absorbs sums and products with numbers for each channel");
  if (before.size() == kMostChannelSteps) return Verdict::No("a cast absorbs no more than that");
  return Verdict::Yes();
}

Verdict SupportsCast(const OpContext& context) {
  if (context.output(0).layout == nullptr) return Verdict::Yes();
  if (IsPicture(context) && FilledLayoutOf(context.output(0)) != nullptr) return Verdict::Yes();
  return Verdict::No("only what is made of bytes is filled up by the cast");
}

std::unique_ptr<Kernel> PrepareCast(const OpContext& context) {
  const DType from = context.input(0).type.dtype;
  const DType to = context.output(0).type.dtype;
  const Shape& shape = context.output(0).type.shape;
  const int64_t count = ElementCount(shape);
  const FilledLayout* layout = FilledLayoutOf(context.output(0));
  if (context.node.post_ops.empty() && layout == nullptr) {
    return KernelOf(
        "own", [=](Queue& queue, const Bindings& b) { Cast(queue, {b.inputs[0], from}, {b.outputs[0], to}, count); });
  }
  const int64_t channels = shape.empty() ? 1 : shape.back();
  std::vector<bool> multiplies;
  for (const PostOp& post : context.node.post_ops) multiplies.push_back(post.kind == PostOp::Kind::kScale);
  return KernelOf("own", [=, pixels = count / channels, stored = layout == nullptr ? to : layout->stored(),
                          filled = layout == nullptr ? channels : layout->filled()](Queue& queue, const Bindings& b) {
    std::array<ChannelStep, kMostChannelSteps> steps;
    for (size_t i = 0; i < multiplies.size(); ++i) steps[i] = {multiplies[i], b.operands[i]};
    PadChannels(queue, pixels, channels, filled, {b.inputs[0], from, 1}, std::span(steps).first(multiplies.size()),
                {b.outputs[0], stored});
  });
}

}  // namespace

constexpr OpEntry kCast{
    .writes_layouts = true, .supports = SupportsCast, .fuses = FusesBehindCast, .prepare = PrepareCast};

}  // namespace slimnet::cudnn
