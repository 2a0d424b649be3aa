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
  // The step that random ops draw from, unless the plan names a variable that says it.
  uint64_t step = 0;
  bool profile = false;
  std::vector<uint64_t> nanoseconds;  // by step, filled by the run where it is profiled
};

}  // namespace slimnet
