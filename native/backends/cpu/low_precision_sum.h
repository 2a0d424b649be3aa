// Sums of low precision over pixels, channel by channel.
#pragma once

#include <cstdint>

#include "base/half.h"

namespace slimnet::cpu {

// sums[c] = what is stored at x[0 * pitch + c] to x[(pixels - 1) * pitch + c], added up in float32; integers
// without their step.
void SumPixels(const float* x, int64_t pixels, int64_t pitch, int64_t channels, float* sums);
void SumPixels(const BFloat16* x, int64_t pixels, int64_t pitch, int64_t channels, float* sums);
void SumPixels(const int8_t* x, int64_t pixels, int64_t pitch, int64_t channels, float* sums);
void SumPixels(const uint8_t* x, int64_t pixels, int64_t pitch, int64_t channels, float* sums);

}  // namespace slimnet::cpu
