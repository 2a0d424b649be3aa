#include "backends/onednn/amx_conv.h"

#include <algorithm>
#include <cstring>
#include <functional>
#include <optional>

#include "backends/cpu/aligned_memory.h"
#include "backends/cpu/amx/conv.h"
#include "backends/cpu/dispatch.h"
#include "backends/cpu/kernel_of.h"
#include "backends/cpu/quantize_filter.h"
#include "backends/onednn/isa.h"

namespace slimnet::onednn {
namespace {

using cpu::AmxConvKind;
using cpu::AmxConvShape;
using cpu::AmxConvTail;
using cpu::AmxNumber;

constexpr int kFilterLevels = 127;  // of a filter in integers: sums of 32 bits do not overflow

AmxConvShape ShapeOf(const NodeContext& node) {
  const auto& attrs = std::get<Conv2dAttrs>(node.node.attrs);
  const Shape& x = node.input(0).type.shape;
  const Shape& filter = node.input(1).type.shape;
  const Shape& y = node.output(0).type.shape;
  return {.batch = x[0],
          .height = x[1],
          .width = x[2],
          .in_channels = x[3],
          .out_height = y[1],
          .out_width = y[2],
          .out_channels = y[3],
          .filter_height = filter[0],
          .filter_width = filter[1],
          .stride_down = attrs.strides[0],
          .stride_across = attrs.strides[1],
          .dilation_down = attrs.dilations[0],
          .dilation_across = attrs.dilations[1],
          .top = attrs.pads[0],
          .left = attrs.pads[2]};
}

std::optional<AmxNumber> NumberOf(const Value& value) {
  if (value.layout) return std::nullopt;
  if (!value.encoding && value.type.dtype == DType::kFloat32) return AmxNumber::kFloat32;
  if (!value.encoding) return std::nullopt;
  switch (value.encoding->dtype) {
    case DType::kBFloat16:
      return AmxNumber::kBFloat16;
    case DType::kUInt8:
      return AmxNumber::kUInt8;
    case DType::kInt8:
      return AmxNumber::kInt8;
    default:
      return std::nullopt;
  }
}

// What the loops are asked for, and which post-ops bring their operands.
struct Request {
  AmxConvKind kind;
  std::optional<size_t> bias, add, norm_scale, norm_bias;
};

// The post-ops that make a second result: scale, bias, relu.
bool TakesNorm(const NodeContext& node, size_t first, Request& request) {
  const std::vector<PostOp>& ops = node.node.post_ops;
  if (ops.size() != first + 3 || ops[first].kind != PostOp::Kind::kScale ||
      ops[first + 1].kind != PostOp::Kind::kBias || ops[first + 2].kind != PostOp::Kind::kRelu) {
    return false;
  }
  request.norm_scale = first;
  request.norm_bias = first + 1;
  request.kind.normalizes = true;
  return NumberOf(node.output(1)) == request.kind.second();
}

std::optional<Request> RequestOf(const NodeContext& node) {
  const std::optional<AmxNumber> input = NumberOf(node.input(0));
  const std::optional<AmxNumber> output = NumberOf(node.output(0));
  if (!input || !output) return std::nullopt;
  Request request{{.input = *input, .output = *output}, {}, {}, {}, {}};
  for (size_t i = 0; i < node.node.post_ops.size(); ++i) {
    switch (node.node.post_ops[i].kind) {
      case PostOp::Kind::kBias:
        request.bias = i;
        break;
      case PostOp::Kind::kAdd: {
        const std::optional<AmxNumber> addend = NumberOf(node.operand(i));
        if (!addend) return std::nullopt;
        request.add = i;
        request.kind.adds = true;
        request.kind.addend = *addend;
        break;
      }
      case PostOp::Kind::kRelu:
        request.kind.relu = true;
        break;
      case PostOp::Kind::kResult:
        return TakesNorm(node, i + 1, request) ? std::optional(request) : std::nullopt;
      case PostOp::Kind::kScale:
      case PostOp::Kind::kRelu6:
      case PostOp::Kind::kReluBackward:
      case PostOp::Kind::kRelu6Backward:
        return std::nullopt;
    }
  }
  return request;
}

bool IsQuantized(AmxNumber number) { return number == AmxNumber::kUInt8 || number == AmxNumber::kInt8; }

// Factors and terms of the tail for each output channel in units of what is written, computed by each part for itself.
struct Factors {
  float input_step, output_step;  // 1 for bfloat16 and float32
  float second_step;              // of the second result
  int64_t channels;

  size_t padded() const { return static_cast<size_t>(cpu::AmxBlocks(channels) * cpu::kAmxBlockChannels); }
  size_t bytes() const { return 4 * padded() * sizeof(float); }

  // `from` times `factor`, zeros where `from` is null and behind it.
  void Fill(float* to, const float* from, float factor) const {
    for (int64_t c = 0; c < channels; ++c) to[c] = from != nullptr ? from[c] * factor : 0.0F;
    std::fill(to + channels, to + padded(), 0.0F);
  }

  // `steps` of the filter, null for bfloat16; `bias`, and what belongs to a second result, may be null.
  AmxConvTail Compute(const float* steps, const float* bias, const float* norm_scale, const float* norm_bias,
                      void* memory) const {
    auto* const biases = static_cast<float*>(memory);
    auto* const scales = biases + padded();
    auto* const norm_biases = scales + padded();
    auto* const norm_scales = norm_biases + padded();
    const float one = 1.0F / output_step;
    Fill(biases, bias, one);
    Fill(scales, steps, input_step * one);
    if (steps == nullptr) std::fill(scales, scales + channels, one);
    Fill(norm_biases, norm_bias, 1.0F / second_step);
    Fill(norm_scales, norm_scale, output_step / second_step);
    return {.bias = biases, .scale = scales, .norm_scale = norm_scales, .norm_bias = norm_biases};
  }
};

float StepOf(const Value& value) {
  return value.encoding && value.encoding->step > 0 ? static_cast<float>(value.encoding->step) : 1.0F;
}

}  // namespace

bool TakesAmxConv(const OpContext& context) {
  if (!DetectLowPrecisionIsa().amx) return false;
  const std::optional<Request> request = RequestOf(context);
  return request && cpu::AmxConvTakes(ShapeOf(context), request->kind);
}

LayoutPtr AmxFilterLayout(const OpContext& context) {
  return std::make_shared<const OnednnLayout>(cpu::AmxPackingOf(ShapeOf(context), RequestOf(context)->kind.input));
}

std::unique_ptr<Kernel> PrepareAmxConv(const OpContext& context) {
  const AmxConvShape shape = ShapeOf(context);
  const Request request = *RequestOf(context);
  const AmxConvKind kind = request.kind;
  const bool whole = IsQuantized(kind.input);
  const int parts = context.engine.threads();
  const Factors factors{StepOf(context.input(0)), StepOf(context.output(0)),
                        kind.normalizes ? StepOf(context.output(1)) : 1.0F, shape.out_channels};
  const float addend_scale = kind.adds ? StepOf(context.operand(*request.add)) / factors.output_step : 0.0F;
  const size_t part_bytes = cpu::AlignedSize(factors.bytes() + cpu::AmxConvScratch(shape, kind, parts));
  const size_t result_bytes = context.output(0).bytes();
  const size_t steps_offset = whole ? LayoutOf(context.input(1))->steps_offset() : 0;

  return cpu::KernelOf(
      std::string(whole ? "amx_conv:int8" : "amx_conv:bfloat16") + (kind.normalizes ? "+norm" : ""),
      [=](ParallelFor& pool, const Bindings& b) {
        const auto operand = [&](const std::optional<size_t>& index) {
          return index ? cpu::Operand<float>(b, *index) : nullptr;
        };
        if (request.add && b.operands[*request.add] != b.outputs[0]) {
          std::memcpy(cpu::Out<void>(b, 0), cpu::Operand<void>(b, *request.add), result_bytes);
        }
        const auto* const steps = whole ? cpu::Address<const float>(b.inputs[1] + steps_offset) : nullptr;
        const auto part = [&](int index) {
          auto* const scratch = cpu::Scratch<char>(b, static_cast<size_t>(index) * part_bytes);
          AmxConvTail tail = factors.Compute(steps, operand(request.bias), operand(request.norm_scale),
                                             operand(request.norm_bias), scratch);
          tail.addend_scale = addend_scale;
          tail.normalized = kind.normalizes ? cpu::Out<void>(b, 1) : nullptr;
          AmxConv(shape, kind, cpu::In<void>(b, 0), cpu::In<void>(b, 1), tail, cpu::Out<void>(b, 0),
                  scratch + factors.bytes(), index, parts);
        };
        pool.Run(parts, std::ref(part));
      },
      static_cast<size_t>(parts) * part_bytes);
}

std::unique_ptr<Kernel> PrepareAmxFilter(const OnednnLayout& layout) {
  const cpu::AmxPacking packing = layout.tiles();
  if (!packing.whole) {
    return cpu::KernelOf("amx_filter:bfloat16", [=](ParallelFor& pool, const Bindings& b) {
      cpu::ForRange(pool, packing.blocks(), 1, [&](int64_t begin, int64_t end) {
        cpu::PackAmxFilter(packing, cpu::In<float>(b, 0), begin, end, cpu::Out<void>(b, 0));
      });
    });
  }
  return cpu::KernelOf(
      "amx_filter:int8",
      [=, steps_offset = layout.steps_offset()](ParallelFor& pool, const Bindings& b) {
        auto* const steps = cpu::Address<float>(b.outputs[0] + steps_offset);
        auto* const whole = cpu::Scratch<int8_t>(b);
        cpu::ForRange(pool, packing.blocks(), 1, [&](int64_t begin, int64_t end) {
          const int64_t last = std::min(end * cpu::kAmxBlockChannels, packing.out_channels);
          cpu::QuantizeFilter(cpu::In<float>(b, 0), packing.taps * packing.in_channels, packing.out_channels,
                              begin * cpu::kAmxBlockChannels, last, kFilterLevels, whole, steps);
          cpu::PackAmxFilter(packing, whole, begin, end, cpu::Out<void>(b, 0));
        });
      },
      packing.bytes());
}

}  // namespace slimnet::onednn
