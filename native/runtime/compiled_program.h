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
#include "runtime/execution_plan.h"
#include "runtime/instance.h"
#include "runtime/job.h"
#include "runtime/observer.h"
#include "runtime/prologue.h"
#include "runtime/resources.h"
#include "runtime/run_request.h"
#include "runtime/store.h"

namespace slimnet {

struct StepReport {
  std::string op;
  std::string node;
  std::string implementation;
  std::string output;  // type for the whole batch
  std::vector<std::string> post_ops;
  size_t scratch_bytes = 0;
  uint64_t nanoseconds = 0;  // of the last profiled run, in all repetitions
};

// Everything that lanes share when they run the program at the same time. What a lane must have to itself is its
// Instance. Run is called on threads of an executor; everything else may be called from any thread.
//
// A run is a transaction: it works on the values that the variables have when it begins, and its new values are
// published all at once when everything has gone well. A program that updates in place has a commit point instead: a
// run that fails before it leaves the store as it was, one that fails behind it leaves variables whose values are lost.
class CompiledProgram {
 public:
  // `backend`: whose kernels are used; its device is that of the store's. Throws Error of whichever layer finds a
  // fault; Error{kAborted} when `cancelled` is set.
  static std::shared_ptr<CompiledProgram> Compile(std::string_view plan, std::shared_ptr<Store> store,
                                                  std::shared_ptr<const Backend> backend,
                                                  const ExecutorResources& resources,
                                                  const std::atomic<bool>& cancelled);
  CompiledProgram(const CompiledProgram&) = delete;
  CompiledProgram& operator=(const CompiledProgram&) = delete;

  const std::vector<ProgramPort>& inputs() const { return plan_.inputs; }
  const std::vector<ProgramPort>& outputs() const { return plan_.outputs; }
  // Room that the inputs of one run need, and where each of them begins in it.
  size_t input_bytes() const { return plan_.input_bytes; }
  const std::vector<size_t>& input_offsets() const { return plan_.input_offsets; }
  // Runs of programs that change variables must come one after the other; no other run of the store may be at work
  // beside one that updates in place (Job::access).
  Access access() const {
    if (plan_.updated.empty()) return Access::kReads;
    return plan_.program.updates_in_place ? Access::kAlone : Access::kUpdates;
  }
  // Whether its random ops draw from RunRequest::step.
  bool counts_draws() const { return plan_.draws && !plan_.step_variable; }

  // Runs all steps. Between two steps `cancelled` is looked at: Error{kAborted}. Nothing is allocated but the outputs,
  // once a first run on this lane (that is: with this arena) has computed the prologue.
  void Run(const ExecutorResources& resources, RunRequest& request, const std::atomic<bool>& cancelled);

  // What the values of all runs were; nothing unless the plan says `observe`.
  std::vector<Observation> Observations() const;

  // With what is recorded of it in comments, where the device records.
  std::string PlanText() const;
  std::vector<StepReport> Steps() const;
  // Working memory, with the room for the inputs where the device cannot read them in the host's memory.
  size_t arena_bytes() const { return plan_.arena_bytes; }
  size_t constant_bytes() const { return prologue_.bytes(); }
  // How many recordings there are, of all lanes; what of a run is recorded, and what is not, for which reasons.
  size_t recordings() const;
  size_t recorded_steps() const;
  const std::string& unrecorded() const { return plan_.unrecorded; }
  // Second memory of the variables that a run changes.
  size_t spare_bytes() const { return plan_.spare_bytes; }

 private:
  CompiledProgram(Program program, std::shared_ptr<Store> store, std::shared_ptr<const Backend> backend,
                  const ExecutorResources& resources, const std::atomic<bool>& cancelled);

  Instance& InstanceOf(const Arena& arena);

  const ExecutionPlan plan_;
  Prologue prologue_;
  const std::unique_ptr<Observer> observer_;  // null unless the plan says `observe`

  mutable std::mutex mutex_;
  std::vector<std::pair<const Arena*, std::unique_ptr<Instance>>> instances_;
  std::vector<uint64_t> nanoseconds_;  // by step
};

}  // namespace slimnet
