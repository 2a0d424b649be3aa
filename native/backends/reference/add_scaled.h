// The inner loop of everything that multiplies matrices.
#pragma once

#include <cstdint>

namespace slimnet::reference {

// sum[i] += value * row[i], in double. Strips of a fixed length let the compiler use vector registers.
template <class T>
inline void AddScaled(double value, const T* __restrict row, int64_t length, double* __restrict sum) {
  constexpr int64_t kStrip = 8;
  int64_t i = 0;
  for (; i + kStrip <= length; i += kStrip) {
    for (int64_t j = 0; j < kStrip; ++j) sum[i + j] += value * row[i + j];
  }
  for (; i < length; ++i) sum[i] += value * row[i];
}

}  // namespace slimnet::reference
