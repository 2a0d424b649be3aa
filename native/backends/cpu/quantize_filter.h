// Filters as integers: symmetric, with a step for each output channel (Krishnamoorthi, arXiv:1806.08342, 3.1).
#pragma once

#include <cstdint>

namespace slimnet::cpu {

// Output channels [begin, end) of a row-major filter of `rows` times `channels` values: q = round(filter / steps),
// between -levels and levels, with steps[c] = largest magnitude / levels. A channel of zeros, or with values that are
// not finite, has the step 1 (q is then 0 for NaN, the end of the range for infinities).
void QuantizeFilter(const float* filter, int64_t rows, int64_t channels, int64_t begin, int64_t end, int levels,
                    int8_t* q, float* steps);

}  // namespace slimnet::cpu
