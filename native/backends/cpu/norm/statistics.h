// Means and variances of channels, in one pass over them.
#pragma once

#include <cstddef>

#include "backends/cpu/norm/rows.h"

namespace slimnet::cpu::norm {

size_t StatisticsBytes(const Shape& shape);  // of scratch

// mean[c], and the biased variance[c] times `correction`. Each part is summed up as differences from the mean of its
// first rows, so that a mean far from 0 costs no digits. Of no rows both are NaN, as in TensorFlow.
void Statistics(ParallelFor& pool, const Shape& shape, const float* x, double correction, double* scratch, float* mean,
                float* variance);
void Statistics(ParallelFor& pool, const Shape& shape, const BFloat16* x, double correction, double* scratch,
                float* mean, float* variance);

}  // namespace slimnet::cpu::norm
