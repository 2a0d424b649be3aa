#include "runtime/program_set.h"

#include <algorithm>
#include <utility>

namespace slimnet {
namespace {

// Rooms for inputs that are kept for later runs besides those in use: they are filled meanwhile.
constexpr int kFilledMeanwhile = 2;
// Pinned ones are dear to make and to give back, for which the whole device may wait.
constexpr size_t kKeptPinned = 16;

size_t KeptInputs(const Backend& backend, int lanes) {
  const auto kept = static_cast<size_t>(lanes + kFilledMeanwhile);
  return backend.device().shares_host_memory ? kept : std::max(kept, kKeptPinned);
}

}  // namespace

ProgramSet::ProgramSet(std::string plan, std::shared_ptr<Store> store, const Executor& executor, LaneKind first)
    : plan_(std::move(plan)),
      store_(std::move(store)),
      backends_(executor.backends()),
      kept_inputs_(KeptInputs(*backends_[0], backends_[1] ? executor.threads() : 1)),
      first_(first),
      shown_(first) {}

std::shared_ptr<ProgramSet> ProgramSet::Compile(std::string plan, std::shared_ptr<Store> store,
                                                const Executor& executor, LaneKind first,
                                                const ExecutorResources& resources,
                                                const std::atomic<bool>& cancelled) {
  // The constructor is private: make_shared cannot reach it.
  std::shared_ptr<ProgramSet> set(new ProgramSet(std::move(plan), std::move(store), executor, first));
  set->AddProgramFor(first, resources, cancelled);
  return set;
}

void ProgramSet::AddProgramFor(LaneKind kind, const ExecutorResources& resources, const std::atomic<bool>& cancelled) {
  if (HasProgramFor(kind)) return;
  // Where lanes of both kinds have the same backend, what was compiled for one serves the other.
  const LaneKind other = kind == LaneKind::kParallel ? LaneKind::kSerial : LaneKind::kParallel;
  programs_[Index(kind)] = HasProgramFor(other) && backends_[0] == backends_[1]
                               ? programs_[Index(other)]
                               : CompiledProgram::Compile(plan_, store_, backends_[Index(kind)], resources, cancelled);
  ready_[Index(kind)].store(true, std::memory_order_release);
}

void ProgramSet::Run(const ExecutorResources& resources, RunRequest& request, const std::atomic<bool>& cancelled) {
  programs_[Index(resources.kind)]->Run(resources, request, cancelled);
  if (request.profile) shown_.store(resources.kind, std::memory_order_release);
  store_->CountRun(resources.kind);
}

std::vector<Observation> ProgramSet::Observations() const {
  std::vector<Observation> all;
  for (size_t i = 0; i < programs_.size(); ++i) {
    if (!ready_[i].load(std::memory_order_acquire)) continue;
    if (i > 0 && programs_[i] == programs_[0]) continue;  // the same one, for both
    for (Observation& seen : programs_[i]->Observations()) all.push_back(std::move(seen));
  }
  return all;
}

ProgramStats ProgramSet::Stats() const {
  const CompiledProgram& shown = Shown();
  return {.arena_bytes = shown.arena_bytes(),
          .constant_bytes = shown.constant_bytes(),
          .spare_bytes = shown.spare_bytes(),
          .recordings = shown.recordings(),
          .recorded_steps = shown.recorded_steps(),
          .unrecorded = shown.unrecorded(),
          .runs = runs_.load(std::memory_order_relaxed)};
}

}  // namespace slimnet
