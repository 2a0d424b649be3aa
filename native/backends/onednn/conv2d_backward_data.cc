// The gradient of a convolution's images, which stay channels-last; the filter takes the order that oneDNN likes best.
#include "backends/onednn/convolution_geometry.h"
#include "backends/onednn/empty.h"
#include "backends/onednn/ops.h"
#include "backends/onednn/packed_weights.h"

namespace slimnet::onednn {
namespace {

std::unique_ptr<Kernel> PrepareConv2dBackwardData(const OpContext& context) {
  const TensorType& filter = context.input(0).type;
  const TensorType& dy = context.input(1).type;
  const TensorType& dx = context.output(0).type;
  if (SumsNothing(context)) return Zeros(context);
  const ConvolutionGeometry geometry(std::get<Conv2dBackwardDataAttrs>(context.node.attrs), dx.shape, filter.shape,
                                     dy.shape);
  Key key('d');
  geometry.AddTo(key);
  const PreparedPtr convolution = context.engine.Prepare("convolution backward data", context, key, [&] {
    return dnnl::convolution_backward_data::primitive_desc(
        context.engine.dnnl_engine(), dnnl::algorithm::convolution_direct, ImageDesc(dx), FilterDescAny(filter),
        ImageDesc(dy), geometry.Strides(), geometry.Dilates(), geometry.Before(), geometry.After(),
        DescribeForward(context.engine, geometry), BaseAttr());
  });
  PrimitiveSequence sequence(context);
  std::vector<Argument> arguments{{DNNL_ARG_DIFF_DST, ImageDesc(dy), Source::Input(1)},
                                  WeightsArgument(context, 0, FilterDesc(filter), convolution->weights(), sequence),
                                  {DNNL_ARG_DIFF_SRC, ImageDesc(dx), Source::Output(0)}};
  sequence.Add(convolution, std::move(arguments));
  return std::move(sequence).Build();
}

}  // namespace

constexpr OpEntry kConv2dBackwardData{.prepare = PrepareConv2dBackwardData};

}  // namespace slimnet::onednn
