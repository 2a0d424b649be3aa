#include "backends/cpu/via_float32.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "backends/cpu/aligned_memory.h"
#include "backends/cpu/bindings.h"
#include "backends/cpu/convert.h"
#include "backends/cpu/cpu_stream.h"
#include "backends/cpu/dispatch.h"

namespace slimnet::cpu {
namespace {

// A tensor that is converted, and where its float32 values lie in the scratch memory.
struct Converted {
  size_t port;
  int64_t count;
  Conversion convert;
  size_t offset;
};

struct Plan {
  std::unique_ptr<Kernel> inner;
  FilterRounding round_filter;
  std::vector<Converted> inputs, operands, outputs;
  size_t filter_offset = 0;
  size_t inner_offset = 0;
  size_t scratch_bytes = 0;
  size_t input_count = 0, operand_count = 0, output_count = 0;

  size_t Reserve(size_t bytes) {
    const size_t offset = scratch_bytes;
    scratch_bytes += AlignedSize(bytes);
    return offset;
  }
};

class ViaFloat32Invocation final : public Invocation {
 public:
  explicit ViaFloat32Invocation(std::shared_ptr<const Plan> plan)
      : plan_(std::move(plan)),
        inner_(plan_->inner->NewInvocation()),
        inputs_(plan_->input_count),
        operands_(plan_->operand_count),
        outputs_(plan_->output_count) {}

  void Enqueue(Stream& stream, const Bindings& b) override {
    ParallelFor& pool = PoolOf(stream);
    std::copy(b.inputs.begin(), b.inputs.end(), inputs_.begin());
    std::copy(b.operands.begin(), b.operands.end(), operands_.begin());
    std::copy(b.outputs.begin(), b.outputs.end(), outputs_.begin());
    const auto read = [&](const Converted& c, std::vector<DevicePtr>& pointers) {
      const auto* const stored = Address<const void>(std::exchange(pointers[c.port], b.scratch + c.offset));
      auto* const plain = Scratch<void>(b, c.offset);
      ForRange(pool, c.count, kGrain, [&](int64_t begin, int64_t end) { c.convert(stored, plain, begin, end); });
    };
    for (const Converted& c : plan_->inputs) read(c, inputs_);
    for (const Converted& c : plan_->operands) read(c, operands_);
    for (const Converted& c : plan_->outputs) outputs_[c.port] = b.scratch + c.offset;
    if (plan_->round_filter) {
      const DevicePtr rounded = b.scratch + plan_->filter_offset;
      plan_->round_filter(Address<const float>(inputs_[1]), Address<float>(rounded));
      inputs_[1] = rounded;
    }
    inner_->Enqueue(stream, {inputs_, operands_, outputs_, b.scratch + plan_->inner_offset, b.draw});
    for (const Converted& c : plan_->outputs) {
      const auto* const plain = Scratch<const void>(b, c.offset);
      auto* const stored = Out<void>(b, c.port);
      ForRange(pool, c.count, kGrain, [&](int64_t begin, int64_t end) { c.convert(plain, stored, begin, end); });
    }
  }

 private:
  std::shared_ptr<const Plan> plan_;
  std::unique_ptr<Invocation> inner_;
  std::vector<DevicePtr> inputs_, operands_, outputs_;
};

class ViaFloat32Kernel final : public Kernel {
 public:
  explicit ViaFloat32Kernel(Plan plan) : plan_(std::make_shared<const Plan>(std::move(plan))) {}
  size_t scratch_bytes() const override { return plan_->scratch_bytes; }
  std::string implementation() const override { return "via float32 + " + plan_->inner->implementation(); }
  std::unique_ptr<Invocation> NewInvocation() const override { return std::make_unique<ViaFloat32Invocation>(plan_); }

 private:
  std::shared_ptr<const Plan> plan_;
};

}  // namespace

std::unique_ptr<Kernel> ViaFloat32(const NodeContext& node,
                                   const std::function<std::unique_ptr<Kernel>(const NodeContext&)>& prepare,
                                   FilterRounding round_filter) {
  Plan plan;
  // The node in float32, alone in a program of its own.
  Program program;
  Node plain = node.node;
  const auto take = [&](ValueId& value, size_t port, std::vector<Converted>& converted, bool is_result) {
    const Value& stored = node.program.values[static_cast<size_t>(value)];
    Value& as_float32 = program.values.emplace_back(stored);
    as_float32.encoding.reset();
    value = static_cast<ValueId>(program.values.size()) - 1;
    if (!stored.encoding) return;
    const size_t offset = plan.Reserve(ByteSize(as_float32.type));
    converted.push_back({port, ElementCount(as_float32.type.shape),
                         is_result ? ConversionOf(as_float32, stored) : ConversionOf(stored, as_float32), offset});
  };
  for (size_t i = 0; i < plain.inputs.size(); ++i) take(plain.inputs[i], i, plan.inputs, false);
  for (size_t i = 0; i < plain.post_ops.size(); ++i) {
    if (plain.post_ops[i].operand != kNoValue) take(plain.post_ops[i].operand, i, plan.operands, false);
  }
  for (size_t i = 0; i < plain.outputs.size(); ++i) take(plain.outputs[i], i, plan.outputs, true);
  if (round_filter) {
    plan.round_filter = std::move(round_filter);
    plan.filter_offset = plan.Reserve(ByteSize(node.input(1).type));
  }
  plan.input_count = plain.inputs.size();
  plan.operand_count = plain.post_ops.size();
  plan.output_count = plain.outputs.size();
  plan.inner = prepare({program, plain});
  plan.inner_offset = plan.Reserve(plan.inner->scratch_bytes());
  return std::make_unique<ViaFloat32Kernel>(std::move(plan));
}

}  // namespace slimnet::cpu
