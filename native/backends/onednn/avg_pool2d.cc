#include "backends/onednn/memory_desc.h"
#include "backends/onednn/ops.h"
#include "backends/onednn/primitive_kernel.h"

namespace slimnet::onednn {

namespace {

std::unique_ptr<Kernel> PrepareAvgPool2d(const OpContext& context) {
  const auto& attrs = std::get<AvgPool2dAttrs>(context.node.attrs);
  const MemoryDesc x = ImageDesc(context.input(0).type);
  const MemoryDesc y = ImageDesc(context.output(0).type);
  const auto& [top, bottom, left, right] = attrs.pads;
  PrimitiveSequence sequence(context);
  sequence.Add(context.engine.Prepare("pooling", context,
                                      [&] {
                                        return dnnl::pooling_forward::primitive_desc(
                                            context.engine.dnnl_engine(), dnnl::prop_kind::forward_inference,
                                            dnnl::algorithm::pooling_avg_exclude_padding, x, y,
                                            {attrs.strides[0], attrs.strides[1]}, {attrs.ksize[0], attrs.ksize[1]},
                                            {0, 0}, {top, left}, {bottom, right}, BaseAttr());
                                      }),
               {{DNNL_ARG_SRC, x, Source::Input(0)}, {DNNL_ARG_DST, y, Source::Output(0)}});
  return std::move(sequence).Build();
}

}  // namespace

constexpr OpEntry kAvgPool2d{.prepare = PrepareAvgPool2d};

}  // namespace slimnet::onednn
