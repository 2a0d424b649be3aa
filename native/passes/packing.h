// Puts things that live for a while into one stretch of memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace slimnet {

// Offsets are multiples of this: a cache line, and what AMX tile loads need to be fast.
inline constexpr size_t kAlignment = 64;

// Needs `bytes` from step `first` to step `last`, both included.
struct Interval {
  size_t bytes = 0;
  int32_t first = 0;
  int32_t last = 0;
};

struct Packing {
  std::vector<size_t> offsets;  // in the order of the intervals
  size_t bytes = 0;             // end of the last one
};

// Largest first, each as low as it fits. Close to the best, quadratic in time.
Packing PackBySize(std::span<const Interval> intervals);

// In the order of time, each into the smallest hole that takes it. n log n.
Packing PackByTime(std::span<const Interval> intervals);

// The better of the two, the second alone when there are very many intervals.
Packing Pack(std::span<const Interval> intervals);

// Most bytes that are needed at one step: no packing can be smaller.
size_t PeakOf(std::span<const Interval> intervals);

}  // namespace slimnet
