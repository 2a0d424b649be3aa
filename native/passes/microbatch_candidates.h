// Which nodes of a program can be in its microbatch loop.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "ir/program.h"
#include "passes/split_cost.h"

namespace slimnet {

// The nodes that can run some images at a time, and what speaks for and against it.
struct Candidates {
  int64_t batch = 0;
  std::vector<int32_t> nodes;   // indices, in the order in which they run; a microbatch loop has the first of them
  std::vector<int32_t> others;  // all further nodes but sources and constants: they can run behind any microbatch loop
  std::vector<bool> may_end;    // by number of candidates before it
};

// Before anything is repeated. The batch is the first dimension of the largest input. What looks across the batch
// is no candidate, nor is what needs its results. A microbatch loop may end where all that it leaves for
// those behind it consists of images of whole cache lines. A program with updates has no candidates.
Candidates FindCandidates(const Program& program);

// What the candidates move, then what the others move. May only end behind candidates.
std::vector<StepBytes> CountBytes(const Program& program, const Candidates& candidates);

}  // namespace slimnet
