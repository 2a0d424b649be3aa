// The largest of the narrow numbers of a window, channel by channel.
#pragma once

#include <cstdint>

#include "base/half.h"

namespace slimnet::cpu {

// Pixels of an image: `down` and `across` are the elements from one to the next.
struct NarrowWindow {
  int64_t rows, columns;
  int64_t down, across;
  int64_t channels;
};

// A NaN is above all, whatever its sign; a window without pixels gives the smallest number.
void LargestOf(const NarrowWindow& window, const BFloat16* x, BFloat16* y);
void LargestOf(const NarrowWindow& window, const int8_t* x, int8_t* y);
void LargestOf(const NarrowWindow& window, const uint8_t* x, uint8_t* y);

}  // namespace slimnet::cpu
