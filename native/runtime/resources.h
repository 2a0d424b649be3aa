// What an executor lends to a job while it computes it.
#pragma once

#include "backend/backend.h"
#include "runtime/arena.h"

namespace slimnet {

// On how many threads one run is computed.
enum class LaneKind {
  kParallel,  // on all of the executor's, spread step by step
  kSerial,    // on one, beside others
};

// Jobs that are let in between two steps of a long one, on its thread.
class Guests {
 public:
  virtual ~Guests() = default;
  // Does one of those that wait, if any.
  virtual void LetIn() = 0;
};

struct ExecutorResources {
  ParallelFor& pool;
  Stream& stream;
  Arena& arena;
  LaneKind kind = LaneKind::kParallel;
  Guests* guests = nullptr;  // of jobs that let others in
};

}  // namespace slimnet
