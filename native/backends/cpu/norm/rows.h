// Rows of channels, as the loops of batch norms in training go over them.
#pragma once

#include <algorithm>
#include <cstdint>

#include "backends/cpu/best_isa.h"
#include "backends/cpu/cpu_stream.h"
#include "base/half.h"

namespace slimnet::cpu::norm {

// Sums over rows are made in this many parts, whatever the number of threads, and added up in their order: the same
// bits each time.
inline constexpr int64_t kParts = 16;

// Channels that are worked on together: what belongs to them stays in the first-level cache from row to row. The loops
// put them into arrays of their own, so that the compiler need not think of memory that might overlap.
inline constexpr int64_t kStrip = 256;

// Rows that are summed up in float32 before they are added to what is kept in double.
inline constexpr int64_t kRowsInFloat = 64;

// x [rows, channels], stored as T: float or BFloat16.
struct Shape {
  int64_t rows;
  int64_t channels;

  int64_t Begin(int64_t part) const { return rows * part / kParts; }
  int64_t End(int64_t part) const { return Begin(part + 1); }
};

SLIMNET_INLINE float Read(float x) { return x; }
SLIMNET_INLINE float Read(BFloat16 x) { return ToFloat(x); }
SLIMNET_INLINE void Write(float& to, float x) { to = x; }
SLIMNET_INLINE void Write(BFloat16& to, float x) { to = ToBFloat16(x); }

// body(part, first channel, channels) for all parts and strips, on all threads.
template <class Body>
void ForParts(ParallelFor& pool, const Shape& shape, const Body& body) {
  ForRange(pool, kParts, 1, [&](int64_t begin, int64_t end) {
    for (int64_t part = begin; part < end; ++part) {
      for (int64_t first = 0; first < shape.channels; first += kStrip) {
        body(part, first, std::min(kStrip, shape.channels - first));
      }
    }
  });
}

// What all of a channel's elements have in common. Normalized() is one expression wherever it stands: the way back must
// see the same sign as the way there.
struct Factors {
  const float* mean;
  const float* factor;  // scale / sqrt(biased variance + epsilon)
  const float* offset;  // read where it is needed; anything else of that length elsewhere
};

SLIMNET_INLINE float Normalized(float x, float mean, float factor, float offset) {
  return (x - mean) * factor + offset;
}

// `biased`: what the variance that was given out is multiplied with to be the biased one.
float FactorOf(float scale, float variance, double biased, double epsilon);

}  // namespace slimnet::cpu::norm
