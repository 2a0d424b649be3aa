// Where every value of a program lies.
#pragma once

#include <cstddef>
#include <span>

#include "ir/program.h"
#include "passes/packing.h"

namespace slimnet {

struct MemoryReport {
  size_t arena_bytes = 0;     // what was planned
  size_t lower_bound = 0;     // most bytes alive at one step: no plan can need less
  size_t sum = 0;             // what a buffer for each value would take
  size_t constant_bytes = 0;  // kept from the prologue for the main part, and constants of the plan
  size_t spare_bytes = 0;     // new memory of the variables that a run changes
};

// Sets the place of each value, the scratch of each node and Program::arena_bytes. `scratch_bytes` are by node index;
// empty means that no node needs any. May be called again.
MemoryReport PlanMemory(Program& program, std::span<const size_t> scratch_bytes);

}  // namespace slimnet
