// The way back from a batch norm in training, in two passes: both sums, then the gradient of x.
#pragma once

#include <cstddef>

#include "backends/cpu/norm/rows.h"

namespace slimnet::cpu::norm {

// dy counts only where the normalised x is above 0 and below the limit, as a rectifier behind the norm has it.
struct Mask {
  bool on = false;
  float limit = 0;  // NaN: none
};

// What dx is made of, by channel: dx = factor (dy - shift - slope (x - mean)).
struct Slopes {
  const float* shift;
  const float* slope;
};

size_t BackwardSumsBytes(const Shape& shape);  // of scratch

// sums[c] = the sum of dy, sums[channels + c] = that of dy (x - mean). They lie at the beginning of the scratch.
template <class T>
const double* BackwardSums(ParallelFor& pool, const Shape& shape, const T* x, const T* dy, const Factors& factors,
                           Mask mask, double* scratch);

// dx, plus `added` where that is not null, which may be dx.
template <class From, class To>
void BackwardData(ParallelFor& pool, const Shape& shape, const From* x, const From* dy, const Factors& factors,
                  const Slopes& slopes, Mask mask, const To* added, To* dx);

#define SLIMNET_NORM_SUMS(X, T) \
  X template const double* BackwardSums(ParallelFor&, const Shape&, const T*, const T*, const Factors&, Mask, double*);
#define SLIMNET_NORM_DATA(X, From, To)                                                                              \
  X template void BackwardData(ParallelFor&, const Shape&, const From*, const From*, const Factors&, const Slopes&, \
                               Mask, const To*, To*);
#define SLIMNET_NORM_BACKWARD(X)        \
  SLIMNET_NORM_SUMS(X, float)           \
  SLIMNET_NORM_SUMS(X, BFloat16)        \
  SLIMNET_NORM_DATA(X, float, float)    \
  SLIMNET_NORM_DATA(X, float, BFloat16) \
  SLIMNET_NORM_DATA(X, BFloat16, float) \
  SLIMNET_NORM_DATA(X, BFloat16, BFloat16)
SLIMNET_NORM_BACKWARD(extern)

}  // namespace slimnet::cpu::norm
