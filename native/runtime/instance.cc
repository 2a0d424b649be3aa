#include "runtime/instance.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <new>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include "base/error.h"
#include "runtime/drain.h"
#include "runtime/large_copy.h"
#include "runtime/not_numbers.h"

namespace slimnet {
namespace {

uint64_t Nanoseconds() {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return static_cast<uint64_t>(std::chrono::duration_cast<std::chrono::nanoseconds>(now).count());
}

void ThrowIf(const std::atomic<bool>& cancelled) {
  if (cancelled.load(std::memory_order_relaxed)) throw Error(ErrorCode::kAborted, "The run was aborted.");
}

// Why a run has no working memory, and with which batch it would have: nearly a straight line.
std::string WhatFits(const ExecutionPlan& plan, size_t free) {
  const DeviceInfo& device = plan.backend->device();
  std::string text = "A run needs " + std::to_string(plan.arena_bytes) + " bytes of working memory, and device " +
                     device.name + " has " + std::to_string(free) + " left.";
  const ProgramPort* images = nullptr;
  for (const ProgramPort& input : plan.inputs) {
    if (!images || ByteSize(input.type) > ByteSize(images->type)) images = &input;
  }
  if (images == nullptr || images->type.shape.empty()) return text;
  constexpr double kSure = 0.95;  // not all of it grows with the batch
  const auto batch = images->type.shape[0];
  const double part = kSure * static_cast<double>(free) / static_cast<double>(plan.arena_bytes);
  const auto fits = static_cast<int64_t>(part * static_cast<double>(batch));
  const std::string received = " instead of " + std::to_string(batch);
  return text + (fits > 0 ? " Hint: a batch of " + std::to_string(fits) + received + " would fit."
                          : " Hint: not even a batch of 1 would fit: use smaller images, or end other sessions.");
}

// Of a recording in which a step failed, which is what there is to be told.
void EndInVain(Stream& stream) {
  try {
    stream.EndRecording();
  } catch (const Error&) {  // see above
  }
}

// Until all that is queued has been done. A device that does its work later may learn only now that it was in vain.
void Await(Stream& stream, const std::atomic<bool>& cancelled) {
  stream.Wait();
  ThrowIf(cancelled);
}

}  // namespace

Instance::Instance(const ExecutionPlan& plan, Prologue& prologue, Observer* observer)
    : plan_(plan), prologue_(prologue), observer_(observer), recordings_(plan.parts.size()) {
  view_.slots = plan_.slots;
  MakeSteps();
}

void Instance::MakeSteps() {
  size_t pointers = 0;
  for (const size_t index : plan_.steps) {
    const Node& node = plan_.program.nodes[index];
    steps_.push_back({index, plan_.nodes[index].kernel->NewInvocation(), {}});
    pointers += node.inputs.size() + node.post_ops.size() + node.outputs.size();
  }
  output_pointers_ = pointers;
  inputs_.resize(plan_.inputs.size());
  pointers_.resize(pointers + plan_.outputs.size() + 1);
  size_t next = 0;
  const auto take = [&](size_t count) {
    const std::span<const DevicePtr> taken(pointers_.data() + next, count);
    next += count;
    return taken;
  };
  for (Step& step : steps_) {
    const Node& node = plan_.program.nodes[step.node];
    step.bindings.inputs = take(node.inputs.size());
    step.bindings.operands = take(node.post_ops.size());
    step.bindings.outputs = take(node.outputs.size());
  }
}

DevicePtr Instance::Locate(ValueId value, DevicePtr arena, size_t pointer) {
  const Program& program = plan_.program;
  const ValueId storage = StorageOf(program, value);
  const Place& place = program.values[At(storage)].place;
  if (const Value& v = program.values[At(value)]; v.place.moves) moving_pointers_.push_back({pointer, v.bytes()});
  switch (place.kind) {
    case Place::Kind::kArena:
      return arena + place.offset;
    case Place::Kind::kInput:
      input_pointers_.push_back({pointer, static_cast<size_t>(place.index)});
      return {};
    case Place::Kind::kVariable: {
      const ValueId variable = program.nodes[static_cast<size_t>(place.index)].outputs[0];
      return view_.memory[static_cast<size_t>(plan_.variable_of[At(variable)])]->data();
    }
    case Place::Kind::kSpare:
      spare_pointers_.push_back({pointer, static_cast<size_t>(plan_.update_of[At(storage)])});
      return {};
    case Place::Kind::kConstant:
      if (const DevicePtr data = prologue_.Data(storage)) return data;
      break;
    case Place::Kind::kNone:
    case Place::Kind::kAlias:
      break;
  }
  throw Error(ErrorCode::kInternal, "Value %" + std::to_string(value) + " has no memory.");
}

void Instance::Bind(DevicePtr arena) {
  input_pointers_.clear();
  spare_pointers_.clear();
  moving_pointers_.clear();
  repetition_ = 0;
  size_t next = 0;
  const auto bind = [&](ValueId value) {
    pointers_[next] = value == kNoValue ? DevicePtr() : Locate(value, arena, next);
    ++next;
  };
  for (Step& step : steps_) {
    const Node& node = plan_.program.nodes[step.node];
    for (const ValueId input : node.inputs) bind(input);
    for (const PostOp& post : node.post_ops) bind(post.operand);
    for (const ValueId output : node.outputs) bind(output);
    step.bindings.scratch = node.scratch.kind == Place::Kind::kArena ? arena + node.scratch.offset : DevicePtr();
  }
  for (const ProgramOutput& output : plan_.program.outputs) bind(output.value);
  pointers_[next] = arena;  // where the scratch memory of steps is
  bound_arena_ = arena;
  bound_ = true;
}

void Instance::BindInputs(Stream& stream, const std::vector<const std::byte*>& inputs) {
  for (size_t i = 0; i < inputs.size(); ++i) {
    if (!plan_.staging_offset) {
      inputs_[i] = SharedAddress(inputs[i]);
      continue;
    }
    inputs_[i] = bound_arena_ + (*plan_.staging_offset + plan_.input_offsets[i]);
    stream.Upload(inputs_[i], {inputs[i], ByteSize(plan_.inputs[i].type)});
  }
  for (const InputPointer& input : input_pointers_) pointers_[input.pointer] = inputs_[input.index];
}

void Instance::MoveTo(int64_t repetition) {
  const int64_t by = repetition - repetition_;
  repetition_ = repetition;
  if (by == 0) return;
  for (const MovingPointer& moving : moving_pointers_) {
    pointers_[moving.pointer] += by * static_cast<int64_t>(moving.bytes);
  }
}

void Instance::Prepare(const ExecutorResources& resources, DevicePtr arena, const std::atomic<bool>& cancelled) {
  bound_ = false;
  prologue_.Refresh(view_, resources, arena, cancelled);
  Bind(arena);
}

DevicePtr Instance::ReserveArena(Arena& arena) const {
  try {
    return arena.Reserve(plan_.arena_bytes);
  } catch (const Error& error) {
    const std::optional<size_t> free = plan_.backend->free_bytes();
    if (error.code() != ErrorCode::kMemory || !free) throw;
    throw Error(ErrorCode::kMemory, WhatFits(plan_, *free));
  }
}

void Instance::Run(const ExecutorResources& resources, RunRequest& request, const std::atomic<bool>& cancelled) {
  const DevicePtr arena = ReserveArena(resources.arena);
  std::optional<Store::Reading> reading;
  {
    // Taken before the variables are looked at: constants are made for newer and newer values, never for older ones.
    const auto lock = plan_.store->LockConstants();
    reading.emplace(*plan_.store, view_);
    if (reading->changed() || arena != bound_arena_ || !bound_) Prepare(resources, arena, cancelled);
  }
  std::optional<Store::Transaction> transaction;
  if (plan_.spares) transaction.emplace(*plan_.store, view_, plan_.updated);
  const Drain drain(resources.stream);
  for (const SparePointer& spare : spare_pointers_) pointers_[spare.pointer] = transaction->data(spare.update);
  if (plan_.step_variable) request.step = ReadStep();
  MoveTo(0);  // the run before may have ended in the middle
  BindInputs(resources.stream, request.inputs);
  if (observer_ != nullptr) ObserveInputs(request.inputs);
  CheckInputs(resources.pool, request.inputs);

  recorded_ = request.profile || plan_.parts.empty() ? nullptr : recordings_.For(pointers_);
  recording_count_.store(recordings_.size(), std::memory_order_relaxed);
  request.nanoseconds.assign(request.profile ? steps_.size() : 0, 0);
  RunMicrobatchLoop(resources, request, cancelled);
  RunSteps(resources, request, cancelled, plan_.loop_end, plan_.commit);
  request.outputs.clear();
  for (const ProgramPort& output : plan_.outputs) request.outputs.emplace_back(ByteSize(output.type));
  if (!results_) results_ = plan_.backend->AllocatePinned(plan_.output_bytes);
  if (plan_.commit < steps_.size()) {
    Await(resources.stream, cancelled);  // what fails, fails before anything has changed
    UpdateInPlace(resources, request);
    return;
  }
  CopyOutputs(resources.stream, request);
  Await(resources.stream, cancelled);  // the last moment for an abort: from here on the run counts
  HandOutResults(resources.pool, request);
  CheckOutputs(resources.pool, request);
  if (transaction) transaction->Publish();
}

void Instance::UpdateInPlace(const ExecutorResources& resources, RunRequest& request) {
  Store::InPlaceUpdate update(*plan_.store, view_, plan_.updated);
  // There is no way back, so there is no abort. Others are not let in: they might want to read.
  ExecutorResources alone = resources;
  alone.guests = nullptr;
  RunSteps(alone, request, std::atomic<bool>(false), plan_.commit, steps_.size());
  CopyOutputs(resources.stream, request);
  resources.stream.Wait();
  update.Finish();
  HandOutResults(resources.pool, request);
}

uint64_t Instance::ReadStep() const {
  const ExecutionPlan::StepVariable& variable = *plan_.step_variable;
  std::array<std::byte, sizeof(uint64_t)> bytes{};
  plan_.store->transfers().Download(std::span(bytes).first(BytesOf(variable.dtype)), *view_.memory[variable.position]);
  // Little-endian, as checkpoints and typed arrays are.
  uint64_t step = 0;
  for (size_t i = 0; i < bytes.size(); ++i) step |= std::to_integer<uint64_t>(bytes[i]) << (8 * i);
  return step;
}

void Instance::RunMicrobatchLoop(const ExecutorResources& resources, RunRequest& request,
                                 const std::atomic<bool>& cancelled) {
  if (plan_.loop_end == 0) return;
  for (int64_t repetition = 0; repetition < plan_.loop_repeats; ++repetition) {
    MoveTo(repetition);
    RunSteps(resources, request, cancelled, 0, plan_.loop_end);
  }
}

void Instance::RunSteps(const ExecutorResources& resources, RunRequest& request, const std::atomic<bool>& cancelled,
                        size_t from, size_t to) {
  Stream& stream = resources.stream;
  size_t at = from;
  auto observed = std::find_if(plan_.observed_steps.begin(), plan_.observed_steps.end(),
                               [&](const ExecutionPlan::Observed& o) { return o.at >= from; });
  auto part = std::ranges::find_if(plan_.parts, [&](const ExecutionPlan::Part& p) { return p.from >= from; });
  try {
    for (; at < to; ++at) {
      if (resources.guests != nullptr) resources.guests->LetIn();
      ThrowIf(cancelled);
      if (recorded_ != nullptr && part != plan_.parts.end() && part->from == at) {
        QueuePart(stream, request, static_cast<size_t>(part - plan_.parts.begin()), at);
        at = part->to - 1;
        ++part;
        continue;
      }
      Step& step = steps_[at];
      if (!request.profile) {
        QueueStep(stream, request, at);
        if (observed != plan_.observed_steps.end() && observed->at == at) {
          ObserveOutput(stream, step, static_cast<size_t>(observed - plan_.observed_steps.begin()));
          ++observed;
        }
        continue;
      }
      const uint64_t begin = Nanoseconds();
      QueueStep(stream, request, at);
      stream.Wait();
      request.nanoseconds[at] += Nanoseconds() - begin;
    }
  } catch (Error& error) {
    if (error.code() == ErrorCode::kAborted) throw;
    const Node& node = plan_.program.nodes[steps_[at].node];
    throw error.At(Info(node.op).name, node.name);
  } catch (const std::bad_alloc&) {
    const Node& node = plan_.program.nodes[steps_[at].node];
    throw Error(ErrorCode::kMemory, "Out of memory.").At(Info(node.op).name, node.name);
  }
}

void Instance::QueueStep(Stream& stream, const RunRequest& request, size_t at) {
  Step& step = steps_[at];
  step.bindings.draw = {request.step, at < plan_.loop_end ? static_cast<uint64_t>(repetition_) : 0};
  step.invocation->Enqueue(stream, step.bindings);
}

void Instance::QueuePart(Stream& stream, const RunRequest& request, size_t part, size_t& at) {
  std::unique_ptr<RecordedWork>& work = (*recorded_)[part];
  if (!work) {
    const Recordings::Parts* const unfinished = recorded_;
    try {
      stream.BeginRecording();
      try {
        for (; at < plan_.parts[part].to; ++at) QueueStep(stream, request, at);
      } catch (...) {
        EndInVain(stream);
        throw;
      }
      at = plan_.parts[part].from;  // no step in particular
      work = stream.EndRecording();
    } catch (...) {
      recorded_ = nullptr;
      recordings_.Forget(unfinished);
      recording_count_.store(recordings_.size(), std::memory_order_relaxed);
      throw;
    }
  }
  stream.Replay(*work);
}

void Instance::CopyOutputs(Stream& stream, RunRequest& request) const {
  for (size_t i = 0; i < request.outputs.size(); ++i) {
    const std::span<std::byte> out = request.outputs[i].span();
    stream.Download(results_ ? std::span(results_->host() + plan_.output_offsets[i], out.size()) : out,
                    pointers_[output_pointers_ + i]);
  }
}

void Instance::HandOutResults(ParallelFor& pool, RunRequest& request) const {
  if (!results_) return;
  for (size_t i = 0; i < request.outputs.size(); ++i) {
    CopyInPieces(pool, request.outputs[i].data(), results_->host() + plan_.output_offsets[i],
                 request.outputs[i].bytes());
  }
}

void Instance::CheckInputs(ParallelFor& pool, const std::vector<const std::byte*>& inputs) const {
  if (plan_.program.precision.precision != Precision::kInt8) return;
  for (size_t i = 0; i < inputs.size(); ++i) {
    const auto& [name, type] = plan_.inputs[i];
    if (type.dtype != DType::kFloat32) continue;
    const auto count = static_cast<size_t>(ElementCount(type.shape));
    if (AnyNotFinite(pool, reinterpret_cast<const float*>(inputs[i]), count)) {
      throw Error(ErrorCode::kExecution,
                  "Input " + name + " has values that are NaN or infinite, which precision int8 cannot hold.")
          .At("input", name);
    }
  }
}

void Instance::CheckOutputs(ParallelFor& pool, const RunRequest& request) const {
  if (plan_.program.precision.precision != Precision::kInt8) return;
  for (size_t i = 0; i < request.outputs.size(); ++i) {
    const auto& [name, type] = plan_.outputs[i];
    if (type.dtype != DType::kFloat32) continue;
    const auto count = static_cast<size_t>(ElementCount(type.shape));
    if (AnyNan(pool, reinterpret_cast<const float*>(request.outputs[i].span().data()), count)) {
      throw Error(ErrorCode::kExecution, "Result " + name + " of a run in precision int8 has values that are NaN.");
    }
  }
}

void Instance::ObserveInputs(const std::vector<const std::byte*>& inputs) const {
  for (size_t i = 0; i < plan_.observed_inputs.size(); ++i) {
    const ExecutionPlan::Observed& input = plan_.observed_inputs[i];
    observer_->Note(i, reinterpret_cast<const float*>(inputs[input.at]), input.count);
  }
}

void Instance::ObserveOutput(Stream& stream, const Step& step, size_t observed) {
  const int64_t count = plan_.observed_steps[observed].count;
  observed_.resize(static_cast<size_t>(count));
  stream.Download(std::as_writable_bytes(std::span(observed_)), step.bindings.outputs[0]);
  stream.Wait();
  observer_->Note(plan_.observed_inputs.size() + observed, observed_.data(), count);
}

}  // namespace slimnet
