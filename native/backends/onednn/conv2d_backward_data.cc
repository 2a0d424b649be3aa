// The gradient of a convolution's images, which stay channels-last; the filter takes the order that oneDNN likes best.
// In bfloat16 the filter is rounded to it where it is put in that order.
#include "backends/cpu/encoded.h"
#include "backends/onednn/convolution_geometry.h"
#include "backends/onednn/empty.h"
#include "backends/onednn/low_precision_product.h"
#include "backends/onednn/ops.h"
#include "backends/onednn/packed_weights.h"
#include "backends/onednn/pixel_product.h"
#include "backends/onednn/winograd_backward.h"

namespace slimnet::onednn {
namespace {

ConvolutionGeometry GeometryToData(const OpContext& context) {
  return {std::get<Conv2dBackwardDataAttrs>(context.node.attrs), context.output(0).type.shape,
          context.input(0).type.shape, context.input(1).type.shape};
}

PreparedPtr ChooseBackwardData(const OpContext& context) {
  const TensorType& filter = context.input(0).type;
  const Value& dy = context.input(1);
  const Value& dx = context.output(0);
  const ConvolutionGeometry geometry = GeometryToData(context);
  Key key('d');
  geometry.AddTo(key);
  key.Add(static_cast<int64_t>(StoredDType(dy))).Add(static_cast<int64_t>(StoredDType(dx)));
  return context.engine.Prepare("convolution backward data", context, key, [&] {
    const DType dtype = StoredDType(dy);
    return dnnl::convolution_backward_data::primitive_desc(
        context.engine.dnnl_engine(), dnnl::algorithm::convolution_direct, StoredImageDesc(dx),
        FilterDescAny({dtype, filter.shape}), StoredImageDesc(dy), geometry.Strides(), geometry.Dilates(),
        geometry.Before(), geometry.After(), DescribeForward(context.engine, geometry, dtype), BaseAttr());
  });
}

Verdict SupportsBackwardData(const OpContext& context) {
  if (!cpu::IsLowPrecision(context) || SumsNothing(context)) return Verdict::Yes();
  if (Verdict verdict = cpu::NoIntegers(context); !verdict) return verdict;
  if (!context.input(1).encoding) return Verdict::No("oneDNN writes low precision where it reads it");
  return HasFastKernel([&] { return ChooseBackwardData(context); });
}

std::unique_ptr<Kernel> PrepareConv2dBackwardData(const OpContext& context) {
  if (SumsNothing(context)) return Zeros(context);
  if (PrefersWinogradBackward(context)) return PrepareWinogradBackward(context);
  const ConvolutionGeometry geometry = GeometryToData(context);
  if (const PreparedPtr product = PixelProductForData(context, geometry)) {
    return PreparePixelProductForData(context, geometry, product);
  }
  const PreparedPtr convolution = ChooseBackwardData(context);
  PrimitiveSequence sequence(context);
  std::vector<Argument> arguments{
      {DNNL_ARG_DIFF_DST, StoredImageDesc(context.input(1)), Source::Input(1)},
      WeightsArgument(context, 0, FilterDesc(context.input(0).type), convolution->weights(), sequence),
      {DNNL_ARG_DIFF_SRC, StoredImageDesc(context.output(0)), Source::Output(0)}};
  sequence.Add(convolution, std::move(arguments));
  return std::move(sequence).Build();
}

}  // namespace

constexpr OpEntry kConv2dBackwardData{
    .reads_low_precision = true, .supports = SupportsBackwardData, .prepare = PrepareConv2dBackwardData};

}  // namespace slimnet::onednn
