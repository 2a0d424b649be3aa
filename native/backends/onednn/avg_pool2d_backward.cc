#include "backends/onednn/memory_desc.h"
#include "backends/onednn/ops.h"
#include "backends/onednn/primitive_kernel.h"

namespace slimnet::onednn {
namespace {

std::unique_ptr<Kernel> PrepareAvgPool2dBackward(const OpContext& context) {
  const auto& attrs = std::get<AvgPool2dBackwardAttrs>(context.node.attrs);
  const MemoryDesc dx = ImageDesc(context.output(0).type);
  const MemoryDesc dy = ImageDesc(context.input(0).type);
  const auto& [top, bottom, left, right] = attrs.pads;
  const dnnl::memory::dims strides{attrs.strides[0], attrs.strides[1]};
  const dnnl::memory::dims ksize{attrs.ksize[0], attrs.ksize[1]};
  const dnnl::memory::dims before{top, left};
  const dnnl::memory::dims after{bottom, right};
  const PreparedPtr pooling = context.engine.Prepare("pooling backward", context, [&] {
    const dnnl::engine& engine = context.engine.dnnl_engine();
    constexpr auto kMean = dnnl::algorithm::pooling_avg_exclude_padding;
    const dnnl::pooling_forward::primitive_desc forward(engine, dnnl::prop_kind::forward_training, kMean, dx, dy,
                                                        strides, ksize, {0, 0}, before, after, BaseAttr());
    return dnnl::pooling_backward::primitive_desc(engine, kMean, dx, dy, strides, ksize, {0, 0}, before, after, forward,
                                                  BaseAttr());
  });
  PrimitiveSequence sequence(context);
  sequence.Add(pooling, {{DNNL_ARG_DIFF_DST, dy, Source::Input(0)}, {DNNL_ARG_DIFF_SRC, dx, Source::Output(0)}});
  return std::move(sequence).Build();
}

}  // namespace

constexpr OpEntry kAvgPool2dBackward{.prepare = PrepareAvgPool2dBackward};

}  // namespace slimnet::onednn
