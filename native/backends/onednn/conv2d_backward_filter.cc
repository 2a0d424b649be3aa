// The gradient of a convolution's filter, float32 in every precision: summed in the order that oneDNN likes best, and
// put back into ours.
#include "backends/cpu/encoded.h"
#include "backends/onednn/convolution_geometry.h"
#include "backends/onednn/empty.h"
#include "backends/onednn/low_precision_product.h"
#include "backends/onednn/ops.h"
#include "backends/onednn/packed_weights.h"
#include "backends/onednn/pixel_product.h"
#include "backends/onednn/upstream_defects.h"

namespace slimnet::onednn {
namespace {

ConvolutionGeometry GeometryToFilter(const OpContext& context) {
  return {std::get<Conv2dBackwardFilterAttrs>(context.node.attrs), context.input(0).type.shape,
          context.output(0).type.shape, context.input(1).type.shape};
}

PreparedPtr ChooseBackwardFilter(const OpContext& context) {
  const Value& x = context.input(0);
  const Value& dy = context.input(1);
  const TensorType& dfilter = context.output(0).type;
  const ConvolutionGeometry geometry = GeometryToFilter(context);
  Key key('f');
  geometry.AddTo(key);
  AddStorage(key, context);
  return context.engine.Prepare("convolution backward filter", context, key, [&] {
    // Looked at again by next_impl(): it lives as long as the search.
    const auto forward = DescribeForward(context.engine, geometry, StoredDType(x));
    dnnl::convolution_backward_weights::primitive_desc desc(
        context.engine.dnnl_engine(), dnnl::algorithm::convolution_direct, StoredImageDesc(x), FilterDescAny(dfilter),
        StoredImageDesc(dy), geometry.Strides(), geometry.Dilates(), geometry.Before(), geometry.After(), forward,
        BaseAttr());
    if (Misleads1x1BackwardFilter(geometry)) AvoidImplementation(desc, "jit_1x1");
    return desc;
  });
}

Verdict SupportsBackwardFilter(const OpContext& context) {
  if (!cpu::IsLowPrecision(context) || SumsNothing(context)) return Verdict::Yes();
  if (Verdict verdict = cpu::NoIntegers(context); !verdict) return verdict;
  if (context.output(0).encoding) return Verdict::No("gradients of filters are float32");
  if (context.input(0).encoding != context.input(1).encoding) return Verdict::No("oneDNN multiplies what is of a kind");
  if (PixelProductForFilter(context, GeometryToFilter(context))) return Verdict::Yes();
  return HasFastKernel([&] { return ChooseBackwardFilter(context); });
}

std::unique_ptr<Kernel> PrepareConv2dBackwardFilter(const OpContext& context) {
  if (SumsNothing(context)) return Zeros(context);
  const ConvolutionGeometry geometry = GeometryToFilter(context);
  if (const PreparedPtr product = PixelProductForFilter(context, geometry)) {
    return PreparePixelProductForFilter(context, geometry, product);
  }
  const PreparedPtr convolution = ChooseBackwardFilter(context);
  PrimitiveSequence sequence(context);
  const MemoryDesc plain = FilterDesc(context.output(0).type);
  const MemoryDesc made = convolution->diff_weights();
  const bool moves = made != plain;
  const Source place = moves ? Source::Scratch(sequence.Reserve(made.get_size())) : Source::Output(0);
  sequence.Add(convolution, {{DNNL_ARG_SRC, StoredImageDesc(context.input(0)), Source::Input(0)},
                             {DNNL_ARG_DIFF_DST, StoredImageDesc(context.input(1)), Source::Input(1)},
                             {DNNL_ARG_DIFF_WEIGHTS, made, place}});
  if (moves) {
    sequence.Add(PrepareReorderOf(context, made, plain),
                 {{DNNL_ARG_FROM, made, place}, {DNNL_ARG_TO, plain, Source::Output(0)}});
  }
  return std::move(sequence).Build();
}

}  // namespace

constexpr OpEntry kConv2dBackwardFilter{
    .reads_low_precision = true, .supports = SupportsBackwardFilter, .prepare = PrepareConv2dBackwardFilter};

}  // namespace slimnet::onednn
