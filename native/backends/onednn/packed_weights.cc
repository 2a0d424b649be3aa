#include "backends/onednn/packed_weights.h"

namespace slimnet::onednn {

LayoutPtr WeightsLayout(const MemoryDesc& plain, const MemoryDesc& chosen) {
  if (plain == chosen) return nullptr;
  return std::make_shared<const OnednnLayout>(plain, chosen);
}

PreparedPtr PrepareReorderOf(const OpContext& context, const MemoryDesc& from, const MemoryDesc& to) {
  return context.engine.Prepare("reorder", context, [&] {
    const dnnl::engine& engine = context.engine.dnnl_engine();
    return dnnl::reorder::primitive_desc(engine, from, engine, to, BaseAttr());
  });
}

Argument WeightsArgument(const OpContext& context, size_t port, const MemoryDesc& plain, const MemoryDesc& wanted,
                         PrimitiveSequence& sequence) {
  const OnednnLayout* layout = LayoutOf(context.input(port));
  const MemoryDesc& given = layout != nullptr ? layout->packed() : plain;
  if (given == wanted) return {DNNL_ARG_WEIGHTS, wanted, Source::Input(port)};
  const Source packed = Source::Scratch(sequence.Reserve(wanted.get_size()));
  sequence.Add(PrepareReorderOf(context, given, wanted),
               {{DNNL_ARG_FROM, given, Source::Input(port)}, {DNNL_ARG_TO, wanted, packed}});
  return {DNNL_ARG_WEIGHTS, wanted, packed};
}

}  // namespace slimnet::onednn
