// How a value of a float32 tensor is stored: as it is, as bfloat16, or as an integer times a step. The same bits on
// every device.
#pragma once

#include <bit>
#include <cstdint>
#include <type_traits>

#include "base/half.h"

namespace slimnet {

// How one value is stored as T, and what was stored is read.
template <class T>
struct Code;

template <>
struct Code<float> {
  using Stored = float;
  constexpr explicit Code(double) {}
  constexpr float Load(float stored) const { return stored; }
  constexpr float Store(float value) const { return value; }
};

template <>
struct Code<BFloat16> {
  using Stored = BFloat16;
  constexpr explicit Code(double) {}
  constexpr float Load(BFloat16 stored) const { return ToFloat(stored); }
  constexpr BFloat16 Store(float value) const { return ToBFloat16(value); }
};

// The nearest integer between the two ends, ties to even; NaN becomes the smaller one. Added to 1.5 * 2^23, the
// last bits are the integer: that works in vector registers of every processor.
constexpr int32_t NearestWhole(float x, float smallest, float largest) {
  constexpr float kMagic = 12582912.0F;
  x = x > smallest ? x : smallest;
  x = x < largest ? x : largest;
  return std::bit_cast<int32_t>(x + kMagic) - std::bit_cast<int32_t>(kMagic);
}

// Integers times a step, rounded to the nearest, ties to even. What is out of range becomes the nearest end of it,
// NaN the smallest number, as oneDNN's kernels have it.
template <class T>
  requires std::is_integral_v<T>
struct Code<T> {
  using Stored = T;
  static constexpr float kSmallest = std::is_signed_v<T> ? -128.0F : 0.0F;
  static constexpr float kLargest = std::is_signed_v<T> ? 127.0F : 255.0F;

  constexpr explicit Code(double one) : step(static_cast<float>(one)), inverse(1.0F / step) {}
  constexpr float Load(T stored) const { return step * static_cast<float>(stored); }
  constexpr T Store(float value) const { return static_cast<T>(NearestWhole(value * inverse, kSmallest, kLargest)); }

  float step, inverse;
};

}  // namespace slimnet
