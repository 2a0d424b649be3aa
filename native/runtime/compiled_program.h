// A plan made ready to run on one number of threads: optimized, kernels prepared, memory planned.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "backend/backend.h"
#include "runtime/arena.h"
#include "runtime/host_block.h"
#include "runtime/observer.h"
#include "runtime/prologue.h"
#include "runtime/resources.h"
#include "runtime/store.h"

namespace slimnet {

class Instance;

struct ProgramPort {
  std::string name;
  TensorType type;
};

struct StepReport {
  std::string op;
  std::string node;
  std::string implementation;
  std::string output;  // type for the whole batch
  std::vector<std::string> post_ops;
  size_t scratch_bytes = 0;
  uint64_t nanoseconds = 0;  // of the last profiled run, in all repetitions
};

// Of each input, in bytes.
inline constexpr size_t kInputAlignment = 64;

// One run: what goes in, what comes out.
struct RunRequest {
  std::vector<const std::byte*> inputs;  // where each is, until Run returns
  std::vector<HostBlock> outputs;        // filled by Run
  uint64_t index = 0;                    // counts the runs of a plan: random ops depend on it
  bool profile = false;
};

// Everything that lanes share when they run the program at the same time. What a lane must have to itself is its
// Instance. Run is called on threads of an executor; everything else may be called from any thread.
//
// A run that fails before its first update op leaves the store as it was; update ops are the last steps of every
// program. A run of a program with updates must be the only one of its store (Job::alone).
class CompiledProgram {
 public:
  // `backend`: whose kernels are used; its device is that of the store's. Throws Error of whichever layer finds a
  // fault; Error{kAborted} when `cancelled` is set.
  static std::shared_ptr<CompiledProgram> Compile(std::string_view plan, std::shared_ptr<Store> store,
                                                  std::shared_ptr<const Backend> backend,
                                                  const ExecutorResources& resources,
                                                  const std::atomic<bool>& cancelled);
  ~CompiledProgram();
  CompiledProgram(const CompiledProgram&) = delete;
  CompiledProgram& operator=(const CompiledProgram&) = delete;

  const std::vector<ProgramPort>& inputs() const { return inputs_; }
  const std::vector<ProgramPort>& outputs() const { return outputs_; }
  // Room that the inputs of one run need, and where each of them begins in it.
  size_t input_bytes() const { return input_bytes_; }
  const std::vector<size_t>& input_offsets() const { return input_offsets_; }
  bool has_updates() const { return !updated_.empty(); }

  // Runs all steps. Between two steps `cancelled` is looked at: Error{kAborted}. Nothing is allocated but the outputs,
  // once a first run on this lane (that is: with this arena) has computed the prologue.
  void Run(const ExecutorResources& resources, RunRequest& request, const std::atomic<bool>& cancelled);

  // What the values of all runs were; nothing unless the plan says `observe`.
  std::vector<Observation> Observations() const;

  std::string PlanText() const { return Print(program_); }
  std::vector<StepReport> Steps() const;
  // Working memory, with the room for the inputs where the device cannot read them in the host's memory.
  size_t arena_bytes() const { return arena_bytes_; }
  size_t constant_bytes() const { return constant_bytes_.load(std::memory_order_relaxed); }

 private:
  friend class Instance;

  CompiledProgram(Program program, std::vector<PreparedNode> nodes, std::shared_ptr<Store> store,
                  std::shared_ptr<const Backend> backend, Stream& stream);

  void FindPorts();
  void FindVariables();
  void MakeObserver();
  void FindSteps();
  Instance& InstanceOf(const Arena& arena);

  Program program_;
  std::shared_ptr<const Backend> backend_;  // outlives the kernels
  std::vector<PreparedNode> nodes_;
  std::shared_ptr<Store> store_;

  std::vector<ProgramPort> inputs_;
  std::vector<ProgramPort> outputs_;
  std::vector<size_t> input_offsets_;
  size_t input_bytes_ = 0;
  // Where in the arena the inputs are brought to; none where the device reads them in the host's memory.
  std::optional<size_t> staging_offset_;
  size_t arena_bytes_ = 0;
  std::vector<size_t> slots_;         // the variables
  std::vector<int32_t> variable_of_;  // by value: position in slots_, or -1
  std::vector<size_t> updated_;       // positions in slots_
  std::vector<size_t> steps_;         // nodes
  size_t loop_end_ = 0;               // steps before this one run Program::repeats times, as a whole
  size_t first_update_ = 0;           // steps from here on change variables
  std::unique_ptr<Prologue> prologue_;

  // Which values are noted: of input `at`, or after step `at`; ascending.
  struct Observed {
    size_t at = 0;
    int64_t count = 0;
    size_t index = 0;  // in observer_
  };
  std::unique_ptr<Observer> observer_;
  std::vector<Observed> observed_inputs_, observed_steps_;

  std::atomic<size_t> constant_bytes_{0};

  mutable std::mutex mutex_;
  std::vector<std::pair<const Arena*, std::unique_ptr<Instance>>> instances_;
  std::vector<uint64_t> nanoseconds_;  // by step
};

}  // namespace slimnet
