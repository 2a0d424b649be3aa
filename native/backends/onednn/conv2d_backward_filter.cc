// The gradient of a convolution's filter: summed in the order that oneDNN likes best, and put back into ours.
#include "backends/onednn/convolution_geometry.h"
#include "backends/onednn/empty.h"
#include "backends/onednn/ops.h"
#include "backends/onednn/packed_weights.h"
#include "backends/onednn/upstream_defects.h"

namespace slimnet::onednn {
namespace {

std::unique_ptr<Kernel> PrepareConv2dBackwardFilter(const OpContext& context) {
  const TensorType& x = context.input(0).type;
  const TensorType& dy = context.input(1).type;
  const TensorType& dfilter = context.output(0).type;
  if (SumsNothing(context)) return Zeros(context);
  const ConvolutionGeometry geometry(std::get<Conv2dBackwardFilterAttrs>(context.node.attrs), x.shape, dfilter.shape,
                                     dy.shape);
  Key key('w');
  geometry.AddTo(key);
  const PreparedPtr convolution = context.engine.Prepare("convolution backward filter", context, key, [&] {
    // Looked at again by next_impl(): it lives as long as the search.
    const auto forward = DescribeForward(context.engine, geometry);
    dnnl::convolution_backward_weights::primitive_desc desc(
        context.engine.dnnl_engine(), dnnl::algorithm::convolution_direct, ImageDesc(x), FilterDescAny(dfilter),
        ImageDesc(dy), geometry.Strides(), geometry.Dilates(), geometry.Before(), geometry.After(), forward,
        BaseAttr());
    if (Misleads1x1BackwardFilter(geometry)) AvoidImplementation(desc, "jit_1x1");
    return desc;
  });
  PrimitiveSequence sequence(context);
  const MemoryDesc plain = FilterDesc(dfilter);
  const MemoryDesc made = convolution->diff_weights();
  const bool moves = made != plain;
  const Source place = moves ? Source::Scratch(sequence.Reserve(made.get_size())) : Source::Output(0);
  sequence.Add(convolution, {{DNNL_ARG_SRC, ImageDesc(x), Source::Input(0)},
                             {DNNL_ARG_DIFF_DST, ImageDesc(dy), Source::Input(1)},
                             {DNNL_ARG_DIFF_WEIGHTS, made, place}});
  if (moves) {
    sequence.Add(PrepareReorderOf(context, made, plain),
                 {{DNNL_ARG_FROM, made, place}, {DNNL_ARG_TO, plain, Source::Output(0)}});
  }
  return std::move(sequence).Build();
}

}  // namespace

constexpr OpEntry kConv2dBackwardFilter{.prepare = PrepareConv2dBackwardFilter};

}  // namespace slimnet::onednn
