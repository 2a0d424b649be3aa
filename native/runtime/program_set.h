// A plan as callers run it: compiled for each number of threads on which its runs are computed.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "backend/backend.h"
#include "runtime/compiled_program.h"
#include "runtime/executor.h"
#include "runtime/input_rooms.h"
#include "runtime/resources.h"
#include "runtime/store.h"

namespace slimnet {

struct ProgramStats {
  size_t arena_bytes = 0;
  size_t constant_bytes = 0;
  size_t spare_bytes = 0;  // second memory of the variables that a run changes
  // Where the device records: how many recordings there are, of how many steps, and what is not recorded, and why.
  size_t recordings = 0;
  size_t recorded_steps = 0;
  std::string unrecorded = {};
  uint64_t runs = 0;
};

// Compile and AddProgramFor belong to jobs that have all threads of the executor; Run to any job that the executor gave
// the kind. Everything else may be called from any thread.
class ProgramSet {
 public:
  // Compiles for `first`, on the threads of `resources`. Throws as CompiledProgram::Compile.
  static std::shared_ptr<ProgramSet> Compile(std::string plan, std::shared_ptr<Store> store, const Executor& executor,
                                             LaneKind first, const ExecutorResources& resources,
                                             const std::atomic<bool>& cancelled);
  ProgramSet(const ProgramSet&) = delete;
  ProgramSet& operator=(const ProgramSet&) = delete;

  // Compiles for another kind as well, unless that has been done.
  void AddProgramFor(LaneKind kind, const ExecutorResources& resources, const std::atomic<bool>& cancelled);
  bool HasProgramFor(LaneKind kind) const { return ready_[Index(kind)].load(std::memory_order_acquire); }

  const std::vector<ProgramPort>& inputs() const { return First().inputs(); }
  const std::vector<ProgramPort>& outputs() const { return First().outputs(); }
  const std::vector<size_t>& input_offsets() const { return First().input_offsets(); }
  Access access() const { return First().access(); }
  Store& store() const { return *store_; }

  // Room for the inputs of one run, in memory of the host.
  std::unique_ptr<Memory> TakeInputs() { return store_->input_rooms().Take(First().input_bytes()); }
  // Takes the room back for a later run, of this program or another one of the store.
  void GiveInputs(std::unique_ptr<Memory> room) { store_->input_rooms().Give(std::move(room), kept_inputs_); }

  // A run begins: the step that its random ops draw from, where no variable says it. Counted by the store, over all
  // runs that draw so.
  uint64_t Begin() {
    runs_.fetch_add(1, std::memory_order_relaxed);
    return First().counts_draws() ? store_->NextDraw() : 0;
  }
  // CompiledProgram::Run at the kind of `resources`, which the set must have.
  void Run(const ExecutorResources& resources, RunRequest& request, const std::atomic<bool>& cancelled);

  std::string PlanText() const { return First().PlanText(); }
  // Both are of the kind of the last profiled run.
  std::vector<StepReport> Steps() const { return Shown().Steps(); }
  ProgramStats Stats() const;
  // What runs of all widths saw (CompiledProgram::Observations); a name may occur more than once.
  std::vector<Observation> Observations() const;

 private:
  ProgramSet(std::string plan, std::shared_ptr<Store> store, const Executor& executor, LaneKind first);

  static size_t Index(LaneKind kind) { return static_cast<size_t>(kind); }
  const CompiledProgram& First() const { return *programs_[Index(first_)]; }
  const CompiledProgram& Shown() const { return *programs_[Index(shown_.load(std::memory_order_acquire))]; }

  const std::string plan_;
  const std::shared_ptr<Store> store_;
  const Executor::Backends backends_;
  const size_t kept_inputs_;
  const LaneKind first_;
  std::array<std::shared_ptr<CompiledProgram>, 2> programs_;  // by LaneKind
  std::array<std::atomic<bool>, 2> ready_{};
  std::atomic<LaneKind> shown_;
  std::atomic<uint64_t> runs_{0};
};

}  // namespace slimnet
