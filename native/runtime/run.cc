#include <algorithm>
#include <chrono>
#include <new>
#include <optional>
#include <string>
#include <utility>

#include "base/error.h"
#include "runtime/allocate.h"
#include "runtime/compiled_program.h"

namespace slimnet {
namespace {

// Rooms for inputs that are kept for later runs: one is filled while another one is in use.
constexpr size_t kKeptInputs = 3;

size_t At(ValueId value) { return static_cast<size_t>(value); }

uint64_t Nanoseconds() {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return static_cast<uint64_t>(std::chrono::duration_cast<std::chrono::nanoseconds>(now).count());
}

std::string PostOpName(PostOp::Kind kind) {
  switch (kind) {
    case PostOp::Kind::kBias:
      return "bias";
    case PostOp::Kind::kAdd:
      return "add";
    case PostOp::Kind::kRelu:
      return "relu";
    case PostOp::Kind::kRelu6:
      return "relu6";
  }
  return "?";
}

}  // namespace

std::unique_ptr<Memory> CompiledProgram::TakeInputs() {
  {
    const std::lock_guard lock(input_mutex_);
    if (!free_inputs_.empty()) {
      auto memory = std::move(free_inputs_.back());
      free_inputs_.pop_back();
      return memory;
    }
  }
  return Allocate(store_->backend(), input_bytes_);
}

void CompiledProgram::GiveInputs(std::unique_ptr<Memory> memory) {
  const std::lock_guard lock(input_mutex_);
  if (memory && free_inputs_.size() < kKeptInputs) free_inputs_.push_back(std::move(memory));
}

void* CompiledProgram::Locate(ValueId value, std::byte* arena, size_t pointer) {
  const ValueId storage = StorageOf(program_, value);
  const Place& place = program_.values[At(storage)].place;
  switch (place.kind) {
    case Place::Kind::kArena:
      return arena + place.offset;
    case Place::Kind::kInput:
      input_pointers_.push_back({pointer, input_offsets_[static_cast<size_t>(place.index)]});
      return nullptr;
    case Place::Kind::kVariable:
      return view_.data[static_cast<size_t>(variable_of_[At(storage)])];
    case Place::Kind::kConstant:
      if (void* const data = prologue_->Data(storage)) return data;
      break;
    case Place::Kind::kNone:
    case Place::Kind::kAlias:
      break;
  }
  throw Error(ErrorCode::kInternal, "Value %" + std::to_string(value) + " has no memory.");
}

void CompiledProgram::Bind(std::byte* arena) {
  input_pointers_.clear();
  size_t next = 0;
  const auto bind = [&](ValueId value) {
    pointers_[next] = value == kNoValue ? nullptr : Locate(value, arena, next);
    ++next;
  };
  for (Step& step : steps_) {
    const Node& node = program_.nodes[step.node];
    for (const ValueId input : node.inputs) bind(input);
    for (const PostOp& post : node.post_ops) bind(post.operand);
    for (const ValueId output : node.outputs) bind(output);
    step.bindings.scratch = node.scratch.kind == Place::Kind::kArena ? arena + node.scratch.offset : nullptr;
  }
  for (const ProgramOutput& output : program_.outputs) bind(output.value);
  bound_arena_ = arena;
  bound_ = true;
}

void CompiledProgram::BindInputs(std::byte* inputs) {
  for (const InputPointer& input : input_pointers_) pointers_[input.pointer] = inputs + input.offset;
}

void CompiledProgram::Run(const ExecutorResources& resources, RunRequest& request, const std::atomic<bool>& cancelled) {
  const Store::Reading reading(*store_, view_);
  const uint64_t run = runs_.fetch_add(1, std::memory_order_relaxed);
  auto* const arena = static_cast<std::byte*>(resources.arena.Reserve(program_.arena_bytes));
  if (reading.changed() || arena != bound_arena_) bound_ = false;
  if (!bound_) {
    prologue_->Refresh(resources.stream, arena, cancelled);
    constant_bytes_.store(prologue_->bytes(), std::memory_order_relaxed);
    Bind(arena);
  }
  BindInputs(static_cast<std::byte*>(request.inputs->data()));
  if (observer_) ObserveInputs(static_cast<const std::byte*>(request.inputs->data()));

  RunSteps(resources, request, cancelled, 0, first_update_, run);
  request.outputs.clear();
  for (const ProgramPort& output : outputs_) request.outputs.emplace_back(ByteSize(output.type));
  CopyOutputs(resources.stream, request, true);
  if (first_update_ < steps_.size()) {
    const Store::Updating updating(*store_, view_, updated_);
    // From here on there is no way back, so there is no abort.
    RunSteps(resources, request, std::atomic<bool>(false), first_update_, steps_.size(), run);
    resources.stream.Wait();
  }
  CopyOutputs(resources.stream, request, false);
  resources.stream.Wait();
}

void CompiledProgram::RunSteps(const ExecutorResources& resources, const RunRequest& request,
                               const std::atomic<bool>& cancelled, size_t from, size_t to, uint64_t run) {
  size_t at = from;
  auto observed = std::lower_bound(observed_.begin() + static_cast<std::ptrdiff_t>(observed_inputs_), observed_.end(),
                                   from, [](const Observed& o, size_t step) { return o.step < step; });
  try {
    for (; at < to; ++at) {
      if (cancelled.load(std::memory_order_relaxed)) throw Error(ErrorCode::kAborted, "The run was aborted.");
      Step& step = steps_[at];
      step.bindings.run_index = run;
      if (!request.profile) {
        step.invocation->Enqueue(resources.stream, step.bindings);
        // In memory of the host: backends of other devices offer no int8 by calibration.
        if (observed != observed_.end() && observed->step == at) {
          const Shape& shape = program_.values[At(observed->value)].type.shape;
          observer_->Note(observed->index, static_cast<const float*>(step.bindings.outputs[0]), ElementCount(shape));
          ++observed;
        }
        continue;
      }
      const uint64_t begin = Nanoseconds();
      step.invocation->Enqueue(resources.stream, step.bindings);
      resources.stream.Wait();
      nanoseconds_[at].store(Nanoseconds() - begin, std::memory_order_relaxed);
    }
  } catch (Error& error) {
    if (error.code() == ErrorCode::kAborted) throw;
    const Node& node = program_.nodes[steps_[at].node];
    throw error.At(Info(node.op).name, node.name);
  } catch (const std::bad_alloc&) {
    const Node& node = program_.nodes[steps_[at].node];
    throw Error(ErrorCode::kMemory, "Out of memory.").At(Info(node.op).name, node.name);
  }
}

void CompiledProgram::ObserveInputs(const std::byte* inputs) const {
  for (size_t i = 0; i < observed_inputs_; ++i) {
    const Observed& input = observed_[i];
    const auto* values = reinterpret_cast<const float*>(inputs + input_offsets_[input.step]);
    observer_->Note(input.index, values, ElementCount(program_.values[At(input.value)].type.shape));
  }
}

std::vector<Observation> CompiledProgram::Observations() const {
  return observer_ ? observer_->Seen() : std::vector<Observation>();
}

// Results that are variables are copied before the updates: they are values from before the run.
void CompiledProgram::CopyOutputs(Stream& stream, RunRequest& request, bool variables) const {
  for (size_t i = 0; i < program_.outputs.size(); ++i) {
    const ValueId storage = StorageOf(program_, program_.outputs[i].value);
    const bool is_variable = program_.values[At(storage)].place.kind == Place::Kind::kVariable;
    if (is_variable != variables) continue;
    HostBlock& block = request.outputs[i];
    stream.CopyOut(block.data(), pointers_[output_pointers_ + i], block.bytes());
  }
}

std::vector<StepReport> CompiledProgram::Steps() const {
  std::vector<StepReport> reports;
  reports.reserve(steps_.size());
  for (size_t i = 0; i < steps_.size(); ++i) {
    const Node& node = program_.nodes[steps_[i].node];
    const Kernel& kernel = *nodes_[steps_[i].node].kernel;
    StepReport report;
    report.op = Info(node.op).name;
    report.node = node.name;
    report.implementation = kernel.implementation();
    report.output = ToString(program_.values[At(node.outputs[0])].type);
    for (const PostOp& post : node.post_ops) report.post_ops.push_back(PostOpName(post.kind));
    report.scratch_bytes = kernel.scratch_bytes();
    report.nanoseconds = nanoseconds_[i].load(std::memory_order_relaxed);
    reports.push_back(std::move(report));
  }
  return reports;
}

ProgramStats CompiledProgram::Stats() const {
  return {program_.arena_bytes, constant_bytes_.load(std::memory_order_relaxed), runs_.load(std::memory_order_relaxed)};
}

}  // namespace slimnet
