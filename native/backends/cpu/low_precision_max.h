// The largest of the low precision of a window, channel by channel.
#pragma once

#include <cstdint>

#include "base/half.h"

namespace slimnet::cpu {

// Pixels of an image: `down` and `across` are the elements from one to the next.
struct LowPrecisionWindow {
  int64_t rows, columns;
  int64_t down, across;
  int64_t channels;
};

// A NaN is above all, whatever its sign; a window without pixels gives the smallest number.
void LargestOf(const LowPrecisionWindow& window, const BFloat16* x, BFloat16* y);
void LargestOf(const LowPrecisionWindow& window, const int8_t* x, int8_t* y);
void LargestOf(const LowPrecisionWindow& window, const uint8_t* x, uint8_t* y);

}  // namespace slimnet::cpu
