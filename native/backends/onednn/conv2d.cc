// Convolution with its fused tail. Images stay channels-last, the filter takes the order that oneDNN likes best.
#include <algorithm>

#include "backends/cpu/encoded.h"
#include "backends/onednn/amx_conv.h"
#include "backends/onednn/empty.h"
#include "backends/onednn/fused_tail.h"
#include "backends/onednn/low_precision_product.h"
#include "backends/onednn/ops.h"
#include "backends/onednn/packed_weights.h"
#include "backends/onednn/upstream_defects.h"
#include "backends/onednn/winograd.h"

namespace slimnet::onednn {
namespace {

bool HasAdd(const Node& node) {
  return std::any_of(node.post_ops.begin(), node.post_ops.end(),
                     [](const PostOp& op) { return op.kind == PostOp::Kind::kAdd; });
}

ConvolutionGeometry GeometryOf(const OpContext& context) {
  return {std::get<Conv2dAttrs>(context.node.attrs), context.input(0).type.shape, context.input(1).type.shape,
          context.output(0).type.shape};
}

bool NodeMisleadsBrgemm(const OpContext& context, const ConvolutionGeometry& geometry) {
  return MisleadsBrgemm(geometry, HasAdd(context.node), context.input(0).encoding.has_value());
}

PreparedPtr Choose(const OpContext& context) {
  const ConvolutionGeometry geometry = GeometryOf(context);
  const Value& x = context.input(0);
  const TensorType filter{FilterDType(context), geometry.filter};
  const Value& y = context.output(0);

  Key key('c');
  geometry.AddTo(key);
  AddStorage(key, context);
  AddTail(key, context);
  return context.engine.Prepare("convolution", context, key, [&] {
    FusedTail tail = TailOf(context);
    SetScales(tail.attr, context, 0);
    const MemoryDesc bias = tail.bias ? VectorDesc(DType::kFloat32, y.type.shape[3]) : MemoryDesc();
    dnnl::convolution_forward::primitive_desc desc(context.engine.dnnl_engine(), dnnl::prop_kind::forward_inference,
                                                   dnnl::algorithm::convolution_direct, StoredImageDesc(x),
                                                   FilterDescAny(filter), bias, StoredImageDesc(y), geometry.Strides(),
                                                   geometry.Dilates(), geometry.Before(), geometry.After(), tail.attr);
    if (NodeMisleadsBrgemm(context, geometry)) AvoidImplementation(desc, "brg");
    return desc;
  });
}

LayoutPtr PreferConv2d(const OpContext& context, size_t input) {
  if (input != 1 || SumsNothing(context)) return nullptr;
  if (PrefersWinograd(context)) return WinogradLayout(context);
  if (TakesAmxConv(context)) return AmxFilterLayout(context);
  const MemoryDesc packed = Choose(context)->weights();
  if (ReadsQuantized(context)) {
    return QuantizedFilterLayout(context, FilterDesc({DType::kInt8, context.input(1).type.shape}), packed);
  }
  return WeightsLayout(FilterDesc(context.input(1).type), packed);
}

Verdict SupportsConv2d(const OpContext& context) {
  if (SumsNothing(context)) return Verdict::Yes();
  if (HasSecondResult(context.node) && !TakesAmxConv(context)) {
    return Verdict::No("a second result is made by the loops for the matrix unit alone");
  }
  if (!cpu::IsLowPrecision(context) || HasNothingToDo(context) || TakesAmxConv(context)) return Verdict::Yes();
  if (cpu::LowersPrecision(context)) return Verdict::No("oneDNN writes low precision where it reads them");
  // Of the implementations without brgemm, that for signed 8-bit numbers on VNNI is wrong for such shapes as well.
  if (NodeMisleadsBrgemm(context, GeometryOf(context))) {
    return Verdict::No(
        "oneDNN's low-precision convolutions are wrong for this shape (backends/onednn/upstream_defects.cc)");
  }
  return HasFastKernel([&] { return Choose(context); });
}

// A second result is not oneDNN's: SupportsConv2d looks at it and at what belongs to it.
Verdict FusesBehindConv2d(const OpContext& context, std::span<const PostOp> before, const PostOp& next) {
  if (SumsNothing(context)) return FusesTail(context, before, next);
  const auto is_result = [](const PostOp& op) { return op.kind == PostOp::Kind::kResult; };
  if (is_result(next) || std::any_of(before.begin(), before.end(), is_result)) return Verdict::Yes();
  return FusesTail(context, before, next);
}

std::unique_ptr<Kernel> PrepareConv2d(const OpContext& context) {
  if (SumsNothing(context)) return Zeros(context);
  const OnednnLayout* layout = LayoutOf(context.input(1));
  if (layout != nullptr && layout->form() == OnednnLayout::Form::kWinograd) return PrepareWinograd(context);
  if (layout != nullptr && layout->form() == OnednnLayout::Form::kTiles) return PrepareAmxConv(context);
  const PreparedPtr convolution = Choose(context);
  const FusedTail tail = TailOf(context);
  const Value& y = context.output(0);

  PrimitiveSequence sequence(context);
  std::vector<Argument> arguments{
      {DNNL_ARG_SRC, StoredImageDesc(context.input(0)), Source::Input(0)},
      WeightsArgument(context, 1, FilterDesc(context.input(1).type), convolution->weights(), sequence),
      {DNNL_ARG_DST, StoredImageDesc(y), Source::Output(0)}};
  if (tail.bias) {
    arguments.push_back({DNNL_ARG_BIAS, VectorDesc(DType::kFloat32, y.type.shape[3]), Source::Operand(*tail.bias)});
  }
  AddScales(arguments, context);
  if (tail.add) sequence.AccumulateInto(*tail.add);
  sequence.Add(convolution, std::move(arguments));
  return std::move(sequence).Build();
}

}  // namespace

constexpr OpEntry kConv2d{.reads_low_precision = true,
                          .supports = SupportsConv2d,
                          .fuses = FusesBehindConv2d,
                          .prefers = PreferConv2d,
                          .prepare = PrepareConv2d};

}  // namespace slimnet::onednn
