// A plan made ready to run: optimized, kernels prepared, memory planned.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "backend/backend.h"
#include "runtime/arena.h"
#include "runtime/host_block.h"
#include "runtime/observer.h"
#include "runtime/prologue.h"
#include "runtime/store.h"

namespace slimnet {

// What an executor thread lends to a program while it compiles or runs.
struct ExecutorResources {
  ParallelFor& pool;
  Stream& stream;
  Arena& arena;
};

struct ProgramPort {
  std::string name;
  TensorType type;
};

struct StepReport {
  std::string op;
  std::string node;
  std::string implementation;
  std::string output;
  std::vector<std::string> post_ops;
  size_t scratch_bytes = 0;
  uint64_t nanoseconds = 0;  // of the last profiled run
};

struct ProgramStats {
  size_t arena_bytes = 0;
  size_t constant_bytes = 0;
  uint64_t runs = 0;
};

// One run: what goes in, what comes out.
struct RunRequest {
  std::unique_ptr<Memory> inputs;  // from TakeInputs, filled by the caller
  std::vector<HostBlock> outputs;  // filled by Run
  bool profile = false;
};

// Compile and Run belong to the executor thread of the store; everything else may be called from any thread.
//
// A run that fails before its first update op leaves the store as it was; update ops are the last steps of every
// program.
class CompiledProgram {
 public:
  // Throws Error of whichever layer finds a fault; Error{kAborted} when `cancelled` is set.
  static std::shared_ptr<CompiledProgram> Compile(std::string_view plan, std::shared_ptr<Store> store,
                                                  const ExecutorResources& resources,
                                                  const std::atomic<bool>& cancelled);

  const std::vector<ProgramPort>& inputs() const { return inputs_; }
  const std::vector<ProgramPort>& outputs() const { return outputs_; }
  const Store& store() const { return *store_; }

  // Room for the inputs of one run, and where each of them begins in it.
  std::unique_ptr<Memory> TakeInputs();
  const std::vector<size_t>& input_offsets() const { return input_offsets_; }
  // Takes the room back for a later run.
  void GiveInputs(std::unique_ptr<Memory> memory);

  // Runs all steps. Between two steps `cancelled` is looked at: Error{kAborted}. Nothing is allocated but the outputs,
  // once a first run has computed the prologue.
  void Run(const ExecutorResources& resources, RunRequest& request, const std::atomic<bool>& cancelled);

  // What the values of all runs were; nothing unless the plan says `observe`.
  std::vector<Observation> Observations() const;

  std::string PlanText() const { return Print(program_); }
  std::vector<StepReport> Steps() const;
  ProgramStats Stats() const;

  CompiledProgram(const CompiledProgram&) = delete;
  CompiledProgram& operator=(const CompiledProgram&) = delete;

 private:
  // One node as it runs: its pointers lie in pointers_.
  struct Step {
    size_t node = 0;
    Invocation* invocation = nullptr;
    Bindings bindings;
  };
  // A pointer that is different in each run: into the room of the inputs.
  struct InputPointer {
    size_t pointer = 0;
    size_t offset = 0;
  };

  CompiledProgram(Program program, std::vector<PreparedNode> nodes, std::shared_ptr<Store> store, Stream& stream);

  void FindPorts();
  void FindVariables();
  void MakeSteps();
  void MakeObserver();
  // Fills pointers_ for the present places of arena, variables and constants.
  void Bind(std::byte* arena);
  void BindInputs(std::byte* inputs);
  void* Locate(ValueId value, std::byte* arena, size_t pointer);
  void RunSteps(const ExecutorResources& resources, const RunRequest& request, const std::atomic<bool>& cancelled,
                size_t from, size_t to, uint64_t run);
  void ObserveInputs(const std::byte* inputs) const;
  void CopyOutputs(Stream& stream, RunRequest& request, bool variables) const;

  Program program_;
  std::vector<PreparedNode> nodes_;
  std::shared_ptr<Store> store_;

  std::vector<ProgramPort> inputs_;
  std::vector<ProgramPort> outputs_;
  std::vector<size_t> input_offsets_;
  size_t input_bytes_ = 0;
  std::vector<int32_t> variable_of_;  // by value: position in view_, or -1
  Store::View view_;
  std::vector<size_t> updated_;  // positions in view_
  std::unique_ptr<Prologue> prologue_;

  // Which value is noted, after which step.
  struct Observed {
    size_t step = 0;
    ValueId value = kNoValue;
    size_t index = 0;  // in observer_
  };

  std::unique_ptr<Observer> observer_;
  std::vector<Observed> observed_;  // by step, ascending; those of inputs first, with the number of their port
  size_t observed_inputs_ = 0;

  std::vector<Step> steps_;
  size_t first_update_ = 0;  // steps from here on change variables
  std::vector<void*> pointers_;
  size_t output_pointers_ = 0;  // where the outputs' pointers begin in pointers_
  std::vector<InputPointer> input_pointers_;
  std::byte* bound_arena_ = nullptr;
  bool bound_ = false;

  std::atomic<uint64_t> runs_{0};
  std::atomic<size_t> constant_bytes_{0};
  std::vector<std::atomic<uint64_t>> nanoseconds_;  // by step
  std::mutex input_mutex_;
  std::vector<std::unique_ptr<Memory>> free_inputs_;
};

}  // namespace slimnet
