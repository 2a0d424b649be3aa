// The part of a program that depends on variables and constants alone: folded filters, packed weights, plan constants.
#pragma once

#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "backend/backend.h"
#include "runtime/execution_plan.h"
#include "runtime/resources.h"
#include "runtime/store.h"

namespace slimnet {

// Keeps the results that the rest of the program reads, and computes them again when their variables have changed. What
// is only needed on the way there lives no longer than that. Shared by all lanes that run the program: whoever calls
// must hold Store::LockConstants.
class Prologue {
 public:
  // `plan` must outlive this.
  Prologue(const ExecutionPlan& plan, Stream& stream);

  // Brings the results up to date with a view whose Reading lives. Throws Error{kAborted} when `cancelled` is set; what
  // is missing then is computed by the next call.
  void Refresh(const Store::View& view, const ExecutorResources& resources, DevicePtr arena,
               const std::atomic<bool>& cancelled);

  // Memory of a kept value, null when it is none or when it was not computed yet.
  DevicePtr Data(ValueId storage) const;
  // Bytes of everything that is kept. May be asked from any thread.
  size_t bytes() const;

 private:
  struct Kept {
    ValueId value = kNoValue;
    std::string expression;       // how it is made; empty where that is too long to tell
    std::vector<size_t> sources;  // positions in the view, by ascending slot
    std::shared_ptr<PackedConstant> packed;
  };
  // A stale result that can be found on disk, or put there.
  struct Storable {
    Kept* kept;
    ContentHash key;
  };
  class Evaluation;
  class TemporaryPool;

  void MakeConstants(Stream& stream);
  void FindKept();
  bool IsStale(const Kept& kept, const Store::View& view) const;
  // Whether all that it is made of is hashed, and so here to stay.
  static bool AllHashed(const Kept& kept, const Store::View& view);
  void Note(Kept& kept, const Store::View& view) const;
  std::vector<Storable> FindStorable(const Store::View& view);
  // Reads them, all or none. True when they are up to date now.
  bool Load(const std::vector<Storable>& storable, const Store::View& view, ParallelFor& pool);
  void Save(const std::vector<Storable>& storable);
  // Throws Error{kExecution} where a program with integers reads a variable, one of those that are `wanted`, that is
  // not finite: integers and their steps would be made of it that look like any others.
  void CheckVariables(const Store::View& view, ParallelFor& pool, const std::function<bool(ValueId)>& wanted) const;

  const ExecutionPlan& plan_;
  const Program& program_;
  Store& store_;
  Uses uses_;
  std::vector<int32_t> kept_of_;     // by value: index in kept_, or -1
  std::vector<bool> read_by_steps_;  // by value: whether a step reads it, not only the prologue
  std::vector<Kept> kept_;
  std::vector<std::unique_ptr<Memory>> constants_;  // by value: the plan's own constants
};

}  // namespace slimnet
