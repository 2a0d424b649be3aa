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

struct ExecutorResources {
  ParallelFor& pool;
  Stream& stream;
  Arena& arena;
  LaneKind kind = LaneKind::kParallel;
};

}  // namespace slimnet
