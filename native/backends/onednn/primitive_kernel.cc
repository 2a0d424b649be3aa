#include "backends/onednn/primitive_kernel.h"

#include <cstring>
#include <utility>

#include "backends/cpu/bindings.h"
#include "backends/onednn/stream.h"

namespace slimnet::onednn {
namespace {

constexpr size_t kAlignment = 64;

// What all executors share.
struct Plan {
  dnnl::engine engine;
  std::vector<PrimitiveStep> steps;
  size_t scratch_bytes = 0;
  std::optional<size_t> accumulate;
  size_t accumulate_bytes = 0;
  std::string op;
  std::string node;
};

DevicePtr BaseOf(const Source& source, const Bindings& bindings) {
  switch (source.kind) {
    case Source::Kind::kInput:
      return bindings.inputs[source.index];
    case Source::Kind::kOperand:
      return bindings.operands[source.index];
    case Source::Kind::kOutput:
      return bindings.outputs[source.index];
    case Source::Kind::kScratch:
      return bindings.scratch;
    case Source::Kind::kNumber:
      return SharedAddress(source.number.get());
  }
  return {};
}

void* Resolve(const Source& source, const Bindings& bindings, size_t further) {
  return cpu::Address<void>(BaseOf(source, bindings) + (source.offset + further));
}

class PrimitiveInvocation final : public Invocation {
 public:
  explicit PrimitiveInvocation(std::shared_ptr<const Plan> plan) : plan_(std::move(plan)) {
    for (const PrimitiveStep& step : plan_->steps) calls_.emplace_back(plan_->engine, step);
  }

  void Enqueue(Stream& stream, const Bindings& bindings) override {
    if (plan_->accumulate && plan_->accumulate_bytes > 0) {
      const size_t add = *plan_->accumulate;
      if (bindings.operands[add] != bindings.outputs[0]) {
        std::memcpy(cpu::Out<void>(bindings, 0), cpu::Operand<void>(bindings, add), plan_->accumulate_bytes);
      }
    }
    const dnnl_stream_t handle = static_cast<OnednnStream&>(stream).handle();
    for (PrimitiveCall& call : calls_) call.Run(handle, bindings, plan_->op, plan_->node);
  }

 private:
  std::shared_ptr<const Plan> plan_;
  std::vector<PrimitiveCall> calls_;
};

class PrimitiveKernel final : public Kernel {
 public:
  explicit PrimitiveKernel(Plan plan) : plan_(std::make_shared<const Plan>(std::move(plan))) {}

  size_t scratch_bytes() const override { return plan_->scratch_bytes; }
  std::string implementation() const override {
    std::string text;
    for (const PrimitiveStep& step : plan_->steps)
      text += (text.empty() ? "" : " + ") + step.prepared->implementation();
    return text;
  }
  std::unique_ptr<Invocation> NewInvocation() const override { return std::make_unique<PrimitiveInvocation>(plan_); }

 private:
  std::shared_ptr<const Plan> plan_;
};

}  // namespace

PrimitiveCall::PrimitiveCall(const dnnl::engine& engine, const PrimitiveStep& step)
    : primitive_(step.prepared->primitive().get()) {
  for (const Argument& argument : step.arguments) {
    memories_.emplace_back(argument.desc, engine, nullptr);
    arguments_.push_back({argument.id, memories_.back().get()});
    bound_.push_back({argument.source, argument.stride, nullptr});
  }
}

void PrimitiveCall::Run(dnnl_stream_t stream, const Bindings& bindings, const std::string& op, const std::string& node,
                        size_t repetition) {
  for (size_t i = 0; i < bound_.size(); ++i) {
    // A planned arena gives the same addresses at every run.
    void* data = Resolve(bound_[i].source, bindings, repetition * bound_[i].stride);
    if (data == bound_[i].data) continue;
    dnnl_memory_set_data_handle(arguments_[i].memory, data);
    bound_[i].data = data;
  }
  const dnnl_status_t status =
      dnnl_primitive_execute(primitive_, stream, static_cast<int>(arguments_.size()), arguments_.data());
  if (status == dnnl_success) return;
  throw Error(status == dnnl_out_of_memory ? ErrorCode::kMemory : ErrorCode::kBackend,
              "onednn: a primitive failed while it ran, with status " + std::to_string(static_cast<int>(status)) + ".")
      .At(op, node);
}

size_t PrimitiveSequence::Reserve(size_t bytes) {
  const size_t offset = scratch_bytes_;
  scratch_bytes_ += (bytes + kAlignment - 1) / kAlignment * kAlignment;
  return offset;
}

void PrimitiveSequence::Add(const PreparedPtr& prepared, std::vector<Argument> arguments) {
  const dnnl::memory::desc scratchpad = prepared->scratchpad();
  if (scratchpad.get_size() > 0) {
    arguments.push_back({DNNL_ARG_SCRATCHPAD, scratchpad, Source::Scratch(Reserve(scratchpad.get_size()))});
  }
  steps_.push_back({prepared, std::move(arguments)});
}

std::unique_ptr<Kernel> PrimitiveSequence::Build() && {
  Plan plan{.engine = context_.engine.dnnl_engine(),
            .steps = {},
            .scratch_bytes = scratch_bytes_,
            .accumulate = accumulate_,
            .op = std::string(Info(context_.node.op).name),
            .node = context_.node.name};
  if (accumulate_) plan.accumulate_bytes = context_.output(0).bytes();
  for (PrimitiveStep& step : steps_) {
    Guarded(step.prepared->what(), context_, [&] { step.prepared->primitive(); });
    plan.steps.push_back({step.prepared, std::move(step.arguments)});
  }
  return std::make_unique<PrimitiveKernel>(std::move(plan));
}

}  // namespace slimnet::onednn
