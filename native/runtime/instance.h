// A compiled program as one lane runs it: where its tensors lie, and the state that kernels keep.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "backend/backend.h"
#include "runtime/execution_plan.h"
#include "runtime/observer.h"
#include "runtime/prologue.h"
#include "runtime/recordings.h"
#include "runtime/resources.h"
#include "runtime/run_request.h"
#include "runtime/store.h"

namespace slimnet {

class Instance {
 public:
  // What all lanes share, and outlives this. `observer` may be null.
  Instance(const ExecutionPlan& plan, Prologue& prologue, Observer* observer);

  // CompiledProgram::Run. One run at a time.
  void Run(const ExecutorResources& resources, RunRequest& request, const std::atomic<bool>& cancelled);

  // How many sets of places the steps were recorded for. From any thread.
  size_t recordings() const { return recording_count_.load(std::memory_order_relaxed); }

 private:
  // One node as it runs: its pointers lie in pointers_.
  struct Step {
    size_t node = 0;
    std::unique_ptr<Invocation> invocation;
    Bindings bindings;
  };
  // A pointer to an input: where the host has it in this run, or where the device does.
  struct InputPointer {
    size_t pointer = 0;
    size_t index = 0;  // of the program's inputs
  };

  // A pointer to new memory of a variable, which is other memory in each run.
  struct SparePointer {
    size_t pointer = 0;
    size_t update = 0;  // position in ExecutionPlan::updated
  };

  // A pointer into a batch of which each repetition of the microbatch loop sees another part.
  struct MovingPointer {
    size_t pointer = 0;
    size_t bytes = 0;  // further with each repetition
  };

  void MakeSteps();
  // Brings constants and pointers up to date with view_.
  void Prepare(const ExecutorResources& resources, DevicePtr arena, const std::atomic<bool>& cancelled);
  // Fills pointers_ for the present places of arena, variables and constants.
  void Bind(DevicePtr arena);
  // Finds the inputs in the host's memory, or brings them to the device. Pointers of the first repetition: comes after
  // MoveTo(0).
  void BindInputs(Stream& stream, const std::vector<const std::byte*>& inputs);
  // Moves the pointers of the microbatch loop to a repetition.
  void MoveTo(int64_t repetition);
  DevicePtr Locate(ValueId value, DevicePtr arena, size_t pointer);
  // The value of the variable that says which step it is.
  uint64_t ReadStep() const;
  void RunMicrobatchLoop(const ExecutorResources& resources, RunRequest& request, const std::atomic<bool>& cancelled);
  void RunSteps(const ExecutorResources& resources, RunRequest& request, const std::atomic<bool>& cancelled,
                size_t from, size_t to);
  // Queues one step.
  void QueueStep(Stream& stream, const RunRequest& request, size_t at);
  // Queues recorded steps; records them before, where that has not been done.
  void QueuePart(Stream& stream, const RunRequest& request, size_t part, size_t& at);
  // Error{kMemory} says which batch would fit, where the device says what it has left.
  DevicePtr ReserveArena(Arena& arena) const;
  void CopyOutputs(Stream& stream, RunRequest& request) const;
  // To where they are handed out, once they have come.
  void HandOutResults(ParallelFor& pool, RunRequest& request) const;
  // Integers hold no NaN: it would become a number that nobody can tell from others. Throws Error{kExecution} in a
  // program with integers where an input is not finite, or an output is NaN.
  void CheckInputs(ParallelFor& pool, const std::vector<const std::byte*>& inputs) const;
  void CheckOutputs(ParallelFor& pool, const RunRequest& request) const;
  // The steps behind the commit point, which write over variables.
  void UpdateInPlace(const ExecutorResources& resources, RunRequest& request);
  void ObserveInputs(const std::vector<const std::byte*>& inputs) const;
  void ObserveOutput(Stream& stream, const Step& step, size_t observed);

  const ExecutionPlan& plan_;
  Prologue& prologue_;
  Observer* const observer_;
  Store::View view_;
  std::vector<Step> steps_;
  std::vector<DevicePtr> pointers_;  // of steps, then of the outputs, and the arena
  size_t output_pointers_ = 0;       // where the outputs' pointers begin in pointers_
  std::vector<InputPointer> input_pointers_;
  std::vector<SparePointer> spare_pointers_;
  std::vector<MovingPointer> moving_pointers_;
  std::unique_ptr<Memory> results_;  // pinned, for the outputs of a run; null where the device has no use for it
  std::vector<DevicePtr> inputs_;    // where each input is in this run
  std::vector<float> observed_;      // the host's copy of a value that is observed
  int64_t repetition_ = 0;           // of which pointers_ is
  Recordings recordings_;
  Recordings::Parts* recorded_ = nullptr;  // those of this run
  std::atomic<size_t> recording_count_{0};
  DevicePtr bound_arena_;
  bool bound_ = false;
};

}  // namespace slimnet
