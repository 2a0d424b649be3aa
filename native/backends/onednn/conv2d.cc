// Convolution with its fused tail. Images stay channels-last, the filter takes the order that oneDNN likes best.
#include <algorithm>
#include <string_view>

#include "backends/cpu/encoded.h"
#include "backends/onednn/amx_conv.h"
#include "backends/onednn/empty.h"
#include "backends/onednn/fused_tail.h"
#include "backends/onednn/low_precision_product.h"
#include "backends/onednn/ops.h"
#include "backends/onednn/packed_weights.h"
#include "backends/onednn/winograd.h"

namespace slimnet::onednn {
namespace {

// May an output along one dimension see nothing but padding? Says yes a little too often: never no when it does.
bool MaySeeOnlyPadding(int64_t in, int64_t out, int64_t taps, int64_t stride, int64_t dilation, int64_t before,
                       int64_t after) {
  const bool first_ends_before = before > (taps - 1) * dilation;
  const bool last_begins_behind = (out - 1) * stride - before >= in;
  const bool taps_may_jump_over = dilation > in && before + after > 0;
  return first_ends_before || last_begins_behind || taps_may_jump_over;
}

bool HasAdd(const Node& node) {
  return std::any_of(node.post_ops.begin(), node.post_ops.end(),
                     [](const PostOp& op) { return op.kind == PostOp::Kind::kAdd; });
}

// Strides, dilations and pads as oneDNN gets them: a single step along an axis has no stride.
Conv2dAttrs GeometryOf(const OpContext& context) {
  Conv2dAttrs attrs = std::get<Conv2dAttrs>(context.node.attrs);
  const Shape& x = context.input(0).type.shape;
  const Shape& filter = context.input(1).type.shape;
  const Shape& y = context.output(0).type.shape;
  for (size_t axis = 0; axis < 2; ++axis) {
    const int64_t reach = (filter[axis] - 1) * attrs.dilations[axis] + 1;
    const int64_t after = reach - x[axis + 1] - attrs.pads[2 * axis];
    if (y[axis + 1] != 1 || after < 0) continue;
    attrs.strides[axis] = 1;
    attrs.pads[2 * axis + 1] = after;
  }
  return attrs;
}

// oneDNN 3.7.2's convolutions over brgemm are wrong for three kinds of shapes, which test/conformance/conv2d.cases.ts
// and test/native/onednn_test.cc have: they crash where an output with a bias or another tail sees only padding
// (uxlfoundation/oneDNN issue 5942), take the wrong rows of the input where one channel (with AMX: any number of them),
// a stride over the width and a result of one column come together, and lose terms where a result is added to and a
// wide stride (4 and up were seen) meets pads at the sides.
bool MisleadsBrgemm(const OpContext& context, const Conv2dAttrs& attrs) {
  const Shape& x = context.input(0).type.shape;
  const Shape& filter = context.input(1).type.shape;
  const Shape& y = context.output(0).type.shape;
  const auto& [top, bottom, left, right] = attrs.pads;
  return MaySeeOnlyPadding(x[1], y[1], filter[0], attrs.strides[0], attrs.dilations[0], top, bottom) ||
         MaySeeOnlyPadding(x[2], y[2], filter[1], attrs.strides[1], attrs.dilations[1], left, right) ||
         ((x[3] == 1 || context.input(0).encoding) && y[2] == 1 && attrs.strides[1] > 1) ||
         (HasAdd(context.node) && attrs.strides[1] > 2 && left + right > 0);
}

// The next implementation that does without brgemm: jit, or GEMM, which takes every shape.
void AvoidBrgemm(dnnl::convolution_forward::primitive_desc& desc) {
  while (std::string_view(desc.impl_info_str()).find("brg") != std::string_view::npos && desc.next_impl()) {
  }
}

PreparedPtr Choose(const OpContext& context) {
  const Conv2dAttrs attrs = GeometryOf(context);
  const Value& x = context.input(0);
  const TensorType filter{FilterDType(context), context.input(1).type.shape};
  const Value& y = context.output(0);

  Key key('c');
  key.AddAll(x.type.shape).AddAll(filter.shape).AddAll(attrs.strides).AddAll(attrs.dilations).AddAll(attrs.pads);
  AddStorage(key, context);
  AddTail(key, context);
  return context.engine.Prepare("convolution", context, key, [&] {
    FusedTail tail = TailOf(context);
    SetScales(tail.attr, context, 0);
    const MemoryDesc bias = tail.bias ? VectorDesc(DType::kFloat32, y.type.shape[3]) : MemoryDesc();
    const auto& [top, bottom, left, right] = attrs.pads;
    dnnl::convolution_forward::primitive_desc desc(
        context.engine.dnnl_engine(), dnnl::prop_kind::forward_inference, dnnl::algorithm::convolution_direct,
        StoredImageDesc(x), FilterDescAny(filter), bias, StoredImageDesc(y), {attrs.strides[0], attrs.strides[1]},
        // oneDNN counts the pixels that are left out between two taps.
        {attrs.dilations[0] - 1, attrs.dilations[1] - 1}, {top, left}, {bottom, right}, tail.attr);
    if (MisleadsBrgemm(context, attrs)) AvoidBrgemm(desc);
    return desc;
  });
}

LayoutPtr PreferConv2d(const OpContext& context, size_t input) {
  if (input != 1) return nullptr;
  if (PrefersWinograd(context)) return WinogradLayout(context);
  if (TakesAmxConv(context)) return AmxFilterLayout(context);
  const MemoryDesc packed = Choose(context)->weights();
  if (ReadsQuantized(context)) {
    return QuantizedFilterLayout(context, FilterDesc({DType::kInt8, context.input(1).type.shape}), packed);
  }
  return WeightsLayout(FilterDesc(context.input(1).type), packed);
}

Verdict SupportsConv2d(const OpContext& context) {
  if (Verdict verdict = SupportsEmptyInputs(context); !verdict) return verdict;
  if (HasSecondResult(context.node) && !TakesAmxConv(context)) {
    return Verdict::No("a second result is made by the loops for the matrix unit alone");
  }
  if (!cpu::IsLowPrecision(context) || HasNothingToDo(context) || TakesAmxConv(context)) return Verdict::Yes();
  if (cpu::LowersPrecision(context)) return Verdict::No("oneDNN writes low precision where it reads them");
  // Of the implementations without brgemm, that for signed 8-bit numbers on VNNI is wrong for such shapes as well.
  if (MisleadsBrgemm(context, GeometryOf(context))) {
    return Verdict::No("oneDNN's low-precision convolutions are wrong for this shape (backends/onednn/conv2d.cc)");
  }
  return HasFastKernel([&] { return Choose(context); });
}

// A second result is not oneDNN's: SupportsConv2d looks at it and at what belongs to it.
Verdict FusesBehindConv2d(const OpContext& context, std::span<const PostOp> before, const PostOp& next) {
  const auto is_result = [](const PostOp& op) { return op.kind == PostOp::Kind::kResult; };
  if (is_result(next) || std::any_of(before.begin(), before.end(), is_result)) return Verdict::Yes();
  return FusesTail(context, before, next);
}

std::unique_ptr<Kernel> PrepareConv2d(const OpContext& context) {
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
