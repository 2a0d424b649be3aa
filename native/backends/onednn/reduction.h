// Sums over some axes, as plain loops with double accumulators: they wait for memory, not for arithmetic.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "backend/backend.h"

namespace slimnet::onednn {

// A tensor as dimensions that are kept or summed over. The last dimension is one run in memory; the others are counted
// through.
struct Reduction {
  static constexpr size_t kMaxRank = 8;
  struct Axes {
    size_t rank = 0;
    std::array<int64_t, kMaxRank> size{};
    std::array<int64_t, kMaxRank> stride{};

    int64_t count() const;
    // Offset in the tensor of the index-th combination, the last axis running fastest.
    int64_t Offset(int64_t index) const;
  };
  Axes kept;        // without the run
  Axes summed;      // without the run
  int64_t run = 1;  // elements of the last dimension
  bool run_kept = false;

  int64_t outputs() const { return kept.count() * (run_kept ? run : 1); }
  // Elements of the input for each element of the result.
  int64_t terms() const { return summed.count() * (run_kept ? 1 : run); }
};

// `axes` may count from the end; none means all.
Reduction DescribeReduction(const Shape& shape, const std::vector<int64_t>& axes);

// Scratch bytes that Reduce() needs.
size_t ReductionScratch(const Reduction& reduction);

// y = factor * sum of x, or of its squares. Deterministic: the order does not depend on the number of threads.
void Reduce(ParallelFor& pool, const Reduction& reduction, bool squares, double factor, const float* x, float* y,
            void* scratch);

}  // namespace slimnet::onednn
