#include "backends/onednn/low_precision_product.h"

#include <bit>
#include <string_view>
#include <utility>

#include "backends/cpu/dispatch.h"
#include "backends/cpu/kernel_of.h"
#include "backends/cpu/quantize_filter.h"
#include "backends/onednn/isa.h"
#include "backends/onednn/kernel_around.h"
#include "backends/onednn/packed_weights.h"

namespace slimnet::onednn {
namespace {

// Without VNNI two products of 8-bit numbers are summed in 16 bits: 255 * 64 * 2 is the most that fits. Signed inputs
// are made unsigned on the way; for them oneDNN halves the filter of a convolution by itself, but not that of a
// product.
constexpr int kLevels = 127;
constexpr int kSafeLevels = 63;

constexpr int64_t kChannelGrain = 16;  // output channels that are quantized at once

int LevelsFor(const NodeContext& node) {
  const bool halved = node.node.op == OpKind::kConv2d && node.input(0).encoding->dtype == DType::kInt8;
  return halved || DetectLowPrecisionIsa().exact_int8 ? kLevels : kSafeLevels;
}

bool IsQuantized(const Value& value) { return value.encoding && value.encoding->dtype != DType::kBFloat16; }

}  // namespace

DType FilterDType(const NodeContext& node) {
  const std::optional<Encoding>& encoding = node.input(0).encoding;
  if (!encoding) return node.input(1).type.dtype;
  return encoding->dtype == DType::kBFloat16 ? DType::kBFloat16 : DType::kInt8;
}

bool ReadsQuantized(const NodeContext& node) { return IsQuantized(node.input(0)); }

void SetScales(dnnl::primitive_attr& attr, const NodeContext& node, int channel_dim) {
  if (ReadsQuantized(node)) {
    attr.set_scales_mask(DNNL_ARG_SRC, 0);
    attr.set_scales_mask(DNNL_ARG_WEIGHTS, 1 << channel_dim);
  }
  if (IsQuantized(node.output(0))) attr.set_scales_mask(DNNL_ARG_DST, 0);
}

void AddScales(std::vector<Argument>& arguments, const NodeContext& node) {
  const auto add = [&](int argument, const MemoryDesc& desc, Source source) {
    arguments.push_back({DNNL_ARG_ATTR_SCALES | argument, desc, std::move(source)});
  };
  const MemoryDesc one = VectorDesc(DType::kFloat32, 1);
  if (ReadsQuantized(node)) {
    const OnednnLayout* layout = LayoutOf(node.input(1));
    if (layout == nullptr || layout->form() != OnednnLayout::Form::kQuantized) {
      throw Error(ErrorCode::kInternal, "onednn: a filter for integers was not packed.").At("", node.node.name);
    }
    add(DNNL_ARG_SRC, one, Source::Number(static_cast<float>(node.input(0).encoding->step)));
    add(DNNL_ARG_WEIGHTS, VectorDesc(DType::kFloat32, node.output(0).type.shape.back()),
        Source::Input(1, layout->steps_offset()));
  }
  if (IsQuantized(node.output(0)))
    add(DNNL_ARG_DST, one, Source::Number(static_cast<float>(node.output(0).encoding->step)));
}

void AddStorage(Key& key, const NodeContext& node) {
  key.Add(static_cast<int64_t>(StoredDType(node.input(0)))).Add(static_cast<int64_t>(StoredDType(node.output(0))));
  // The step of what is added is part of the primitive; all others are arguments.
  for (size_t i = 0; i < node.node.post_ops.size(); ++i) {
    if (node.node.post_ops[i].kind != PostOp::Kind::kAdd) continue;
    const Value& operand = node.operand(i);
    key.Add(static_cast<int64_t>(StoredDType(operand)));
    key.Add(std::bit_cast<int64_t>(operand.encoding ? operand.encoding->step : 0.0));
  }
}

LayoutPtr QuantizedFilterLayout(const NodeContext& node, const MemoryDesc& plain, const MemoryDesc& packed) {
  return std::make_shared<const OnednnLayout>(plain, packed, node.output(0).type.shape.back(), LevelsFor(node));
}

std::unique_ptr<Kernel> PrepareQuantizedFilter(const OpContext& context, const OnednnLayout& layout) {
  const Shape& shape = context.input(0).type.shape;
  const int64_t channels = shape.back();
  const int64_t rows = channels == 0 ? 0 : ElementCount(shape) / channels;
  const PreparedPtr reorder = PrepareReorderOf(context, layout.plain(), layout.packed());
  const size_t plain = (layout.plain().get_size() + 63) / 64 * 64;
  PrimitiveStep step{
      reorder,
      {{DNNL_ARG_FROM, layout.plain(), Source::Scratch(0)}, {DNNL_ARG_TO, layout.packed(), Source::Output(0)}}};
  const MemoryDesc own = reorder->scratchpad();
  if (own.get_size() > 0) step.arguments.push_back({DNNL_ARG_SCRATCHPAD, own, Source::Scratch(plain)});
  return KernelAround(context, "quantize", {std::move(step)}, 1, plain + own.get_size(),
                      [=, levels = layout.levels(), at = layout.steps_offset()](ParallelFor& pool, const Bindings& b,
                                                                                const auto& pack) {
                        auto* const channel_steps = cpu::Address<float>(b.outputs[0] + at);
                        auto* const q = cpu::Scratch<int8_t>(b);
                        const float* const filter = cpu::In<float>(b, 0);
                        cpu::ForRange(pool, channels, kChannelGrain, [&](int64_t begin, int64_t end) {
                          cpu::QuantizeFilter(filter, rows, channels, begin, end, levels, q, channel_steps);
                        });
                        pack();
                      });
}

Verdict HasFastKernel(const std::function<PreparedPtr()>& choose) {
  try {
    const std::string implementation = choose()->implementation();
    if (std::string_view(implementation).starts_with("ref")) {
      return Verdict::No("oneDNN has only its slow " + implementation + " for this shape and precision");
    }
    return Verdict::Yes();
  } catch (const Error& error) {
    return Verdict::No(error.what());
  }
}

}  // namespace slimnet::onednn
