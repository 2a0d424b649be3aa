// What a plan came to: its steps, and where their tensors come from.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "backend/backend.h"
#include "ir/program.h"
#include "runtime/store.h"

namespace slimnet {

// A prepared node.
struct PreparedNode {
  std::unique_ptr<Kernel> kernel;          // null: there is nothing to run
  std::unique_ptr<Invocation> invocation;  // of nodes of the prologue; lanes have their own of the others
};

struct ProgramPort {
  std::string name;
  TensorType type;
};

// Of each input, in bytes.
inline constexpr size_t kInputAlignment = 64;

// Everything that lanes, the prologue and reports read of a compiled program. It does not change.
struct ExecutionPlan {
  // A value whose range is noted: of input `at`, or after step `at`.
  struct Observed {
    size_t at = 0;
    int64_t count = 0;
    std::string name;
  };

  // Optimizes the program, prepares its kernels on the pool's threads, and plans its memory. Throws Error of whichever
  // layer finds a fault; Error{kAborted} when `cancelled` is set.
  ExecutionPlan(Program parsed, std::shared_ptr<const Backend> backend_of_kernels,
                std::shared_ptr<Store> store_of_variables, ParallelFor& pool, const std::atomic<bool>& cancelled);

  std::shared_ptr<const Backend> backend;  // outlives the kernels
  std::shared_ptr<Store> store;
  Program program;
  std::vector<PreparedNode> nodes;

  // The variable whose value is the step of a run, for random ops.
  struct StepVariable {
    size_t position = 0;  // in `slots`
    DType dtype = DType::kInt64;
  };

  std::vector<ProgramPort> inputs;
  std::vector<ProgramPort> outputs;
  std::vector<size_t> input_offsets;   // in the room of one run's inputs
  size_t input_bytes = 0;              // of that room
  std::vector<size_t> output_offsets;  // in room for one run's outputs
  size_t output_bytes = 0;             // of that room
  // Where in the arena the inputs are brought to; none where the device reads them in the host's memory.
  std::optional<size_t> staging_offset;
  size_t arena_bytes = 0;  // with the room for the inputs, where they are brought there

  std::vector<size_t> slots;         // the variables
  std::vector<int32_t> variable_of;  // by value: position in `slots`, or -1
  std::vector<size_t> updated;       // positions in `slots` of those that get new values
  std::vector<int32_t> update_of;    // by value: position in `updated` of the variable whose spare memory it is, or -1
  size_t spare_bytes = 0;            // of all of them
  std::unique_ptr<Store::KeptSpares> spares;

  std::vector<size_t> steps;  // nodes, in the order in which they run
  size_t loop_end = 0;        // steps before this one are the microbatch loop
  int64_t loop_repeats = 1;
  size_t commit = 0;  // steps from here on write over variables in place, or come behind such; all of them otherwise

  // Steps that follow one another and are recorded together, where the device records. What is not in one is queued
  // anew in each run, for the reason in `unrecorded`: sentences without their ends, one a line.
  struct Part {
    size_t from = 0;
    size_t to = 0;
  };
  std::vector<Part> parts;
  std::string unrecorded;

  // Whether results depend on the step of a run.
  bool draws = false;
  std::optional<StepVariable> step_variable;  // none unless it draws

  // Both ascending; empty unless the plan says `observe`.
  std::vector<Observed> observed_inputs;
  std::vector<Observed> observed_steps;

 private:
  void FindPorts();
  void FindVariables();
  void FindUpdates();
  void FindSteps();
  void FindParts();
  void FindStepVariable();
  void FindObserved();
};

// The value whose bytes `value` is.
ValueId StorageOf(const Program& program, ValueId value);

}  // namespace slimnet
