// Normalised channels, with what stands right behind a batch norm, in one pass.
#pragma once

#include <limits>

#include "backends/cpu/norm/rows.h"

namespace slimnet::cpu::norm {

// Cut off at the ends: 0 and infinity for relu, 0 and 6 for relu6, as it is by default. NaN stays NaN.
struct Ends {
  float low = -std::numeric_limits<float>::infinity();
  float high = std::numeric_limits<float>::infinity();
};

// y = (x - mean) factor + offset, plus `added` where that is not null, between the ends. `added` may be y.
template <class From, class To>
void Normalize(ParallelFor& pool, const Shape& shape, const From* x, const Factors& factors, const To* added, Ends ends,
               To* y);

extern template void Normalize(ParallelFor&, const Shape&, const float*, const Factors&, const float*, Ends, float*);
extern template void Normalize(ParallelFor&, const Shape&, const float*, const Factors&, const BFloat16*, Ends,
                               BFloat16*);
extern template void Normalize(ParallelFor&, const Shape&, const BFloat16*, const Factors&, const float*, Ends, float*);
extern template void Normalize(ParallelFor&, const Shape&, const BFloat16*, const Factors&, const BFloat16*, Ends,
                               BFloat16*);

}  // namespace slimnet::cpu::norm
