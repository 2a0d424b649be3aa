// Sums over rows, in an order that does not depend on the number of threads.
#pragma once

#include <algorithm>
#include <cstdint>

#include "backends/cpu/cpu_stream.h"

namespace slimnet::onednn {

// The rows are summed in this many parts.
inline constexpr int64_t kRowParts = 16;

// Bytes of scratch that SumRows needs for `width` sums.
inline size_t RowSumsBytes(int64_t width) { return static_cast<size_t>((kRowParts + 1) * width) * sizeof(double); }

// Calls term(row, sums) for all rows, where sums[width] begins with zeros in each part, and adds the parts up to what
// it returns: the first `width` doubles of the scratch.
template <class Term>
const double* SumRows(ParallelFor& pool, int64_t rows, int64_t width, double* scratch, const Term& term) {
  double* total = scratch;
  double* parts = total + width;
  cpu::ForRange(pool, kRowParts, 1, [&](int64_t begin, int64_t end) {
    for (int64_t part = begin; part < end; ++part) {
      double* sums = parts + part * width;
      std::fill_n(sums, width, 0.0);
      for (int64_t row = rows * part / kRowParts; row < rows * (part + 1) / kRowParts; ++row) term(row, sums);
    }
  });
  std::fill_n(total, width, 0.0);
  for (int64_t part = 0; part < kRowParts; ++part) {
    for (int64_t i = 0; i < width; ++i) total[i] += parts[part * width + i];
  }
  return total;
}

}  // namespace slimnet::onednn
