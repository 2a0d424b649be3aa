// What an executor lends to a job while it computes it.
#pragma once

#include "backend/backend.h"
#include "runtime/arena.h"

namespace slimnet {

// On how many threads one run is computed.
enum class Width {
  kWide,    // on all of the executor's, spread step by step
  kNarrow,  // on one, beside others
};

struct ExecutorResources {
  ParallelFor& pool;
  Stream& stream;
  Arena& arena;
  Width width = Width::kWide;
};

}  // namespace slimnet
