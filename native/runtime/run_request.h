// One run of a program.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "runtime/host_block.h"

namespace slimnet {

// What goes in, what comes out.
struct RunRequest {
  std::vector<const std::byte*> inputs;  // where each is, until the run ends
  std::vector<HostBlock> outputs;        // filled by the run
  uint64_t index = 0;                    // counts the runs of a plan: random ops depend on it
  bool profile = false;
  std::vector<uint64_t> nanoseconds;  // by step, filled by the run where it is profiled
};

}  // namespace slimnet
