// Convolution with its fused tail. Images stay channels-last, the filter takes the order that oneDNN likes best.
#include "backends/onednn/fused_tail.h"
#include "backends/onednn/ops.h"
#include "backends/onednn/packed_weights.h"

namespace slimnet::onednn {
namespace {

PreparedPtr Choose(const OpContext& context) {
  const auto& attrs = std::get<Conv2dAttrs>(context.node.attrs);
  const TensorType& x = context.input(0).type;
  const TensorType& filter = context.input(1).type;
  const TensorType& y = context.output(0).type;

  Key key('c');
  key.Add(static_cast<int64_t>(x.dtype)).AddAll(x.shape).AddAll(filter.shape).Add(static_cast<int64_t>(y.dtype));
  key.AddAll(attrs.strides).AddAll(attrs.dilations).AddAll(attrs.pads);
  AddTail(key, context);
  return context.engine.Prepare("convolution", context, key, [&] {
    const FusedTail tail = TailOf(context);
    const MemoryDesc bias = tail.bias ? VectorDesc(DType::kFloat32, y.shape[3]) : MemoryDesc();
    const auto& [top, bottom, left, right] = attrs.pads;
    return dnnl::convolution_forward::primitive_desc(
        context.engine.dnnl_engine(), dnnl::prop_kind::forward_inference, dnnl::algorithm::convolution_direct,
        ImageDesc(x), FilterDescAny(filter), bias, ImageDesc(y), {attrs.strides[0], attrs.strides[1]},
        // oneDNN counts the pixels that are left out between two taps.
        {attrs.dilations[0] - 1, attrs.dilations[1] - 1}, {top, left}, {bottom, right}, tail.attr);
  });
}

}  // namespace

LayoutPtr PreferConv2d(const OpContext& context) {
  return WeightsLayout(FilterDesc(context.input(1).type), Choose(context)->weights());
}

std::unique_ptr<Kernel> PrepareConv2d(const OpContext& context) {
  const PreparedPtr convolution = Choose(context);
  const FusedTail tail = TailOf(context);
  const TensorType& y = context.output(0).type;

  PrimitiveSequence sequence(context);
  std::vector<Argument> arguments{
      {DNNL_ARG_SRC, ImageDesc(context.input(0).type), Source::Input(0)},
      WeightsArgument(context, 1, FilterDesc(context.input(1).type), convolution->weights(), sequence),
      {DNNL_ARG_DST, ImageDesc(y), Source::Output(0)}};
  if (tail.bias) {
    arguments.push_back({DNNL_ARG_BIAS, VectorDesc(DType::kFloat32, y.shape[3]), Source::Operand(*tail.bias)});
  }
  if (tail.add) sequence.AccumulateInto(*tail.add);
  sequence.Add(convolution, std::move(arguments));
  return std::move(sequence).Build();
}

}  // namespace slimnet::onednn
