// Into a layout that this backend asked for, or back; between ways of storing numbers; or a copy.
#include "backends/cpu/kernels.h"
#include "backends/onednn/amx_conv.h"
#include "backends/onednn/low_precision_product.h"
#include "backends/onednn/ops.h"
#include "backends/onednn/packed_weights.h"
#include "backends/onednn/winograd.h"

namespace slimnet::onednn {

namespace {

std::unique_ptr<Kernel> PrepareReorder(const OpContext& context) {
  const OnednnLayout* from = LayoutOf(context.input(0));
  const OnednnLayout* to = LayoutOf(context.output(0));
  if (from == nullptr && to == nullptr) return cpu::PrepareReorder(context);
  if (to != nullptr && to->form() == OnednnLayout::Form::kWinograd) return PrepareWinogradFilter(context, *to);
  if (to != nullptr && to->form() == OnednnLayout::Form::kQuantized) return PrepareQuantizedFilter(context, *to);
  if (to != nullptr && to->form() == OnednnLayout::Form::kTiles) return PrepareAmxFilter(*to);
  const MemoryDesc source = from != nullptr ? from->packed() : to->plain();
  const MemoryDesc target = to != nullptr ? to->packed() : from->plain();
  PrimitiveSequence sequence(context);
  sequence.Add(PrepareReorderOf(context, source, target),
               {{DNNL_ARG_FROM, source, Source::Input(0)}, {DNNL_ARG_TO, target, Source::Output(0)}});
  return std::move(sequence).Build();
}

}  // namespace

constexpr OpEntry kReorder{.reads_low_precision = true, .prepare = PrepareReorder};

}  // namespace slimnet::onednn
