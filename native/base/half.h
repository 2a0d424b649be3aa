// 16-bit floating point as stored: IEEE binary16 and bfloat16. Conversions round to nearest, ties to even; NaN stays
// NaN.
#pragma once

#include <bit>
#include <cstdint>

namespace slimnet {

struct Float16 {
  uint16_t bits = 0;
};

struct BFloat16 {
  uint16_t bits = 0;
};

constexpr float ToFloat(BFloat16 x) { return std::bit_cast<float>(uint32_t{x.bits} << 16); }

constexpr BFloat16 ToBFloat16(float x) {
  const uint32_t bits = std::bit_cast<uint32_t>(x);
  if ((bits & 0x7fffffffU) > 0x7f800000U) return {static_cast<uint16_t>((bits >> 16) | 0x40U)};  // quiet NaN
  return {static_cast<uint16_t>((bits + 0x7fffU + ((bits >> 16) & 1U)) >> 16)};
}

constexpr float ToFloat(Float16 x) {
  const uint32_t sign = (x.bits & 0x8000U) << 16;
  const uint32_t exponent = (x.bits >> 10) & 0x1fU;
  const uint32_t fraction = x.bits & 0x3ffU;
  if (exponent == 0x1f) return std::bit_cast<float>(sign | 0x7f800000U | (fraction << 13));
  if (exponent != 0) return std::bit_cast<float>(sign | ((exponent + 112U) << 23) | (fraction << 13));
  const float magnitude = static_cast<float>(fraction) * 0x1p-24F;  // subnormal or zero: exact
  return sign == 0 ? magnitude : -magnitude;
}

constexpr Float16 ToFloat16(float x) {
  const uint32_t bits = std::bit_cast<uint32_t>(x);
  const auto sign = static_cast<uint16_t>((bits >> 16) & 0x8000U);
  const uint32_t magnitude = bits & 0x7fffffffU;
  if (magnitude > 0x7f800000U) return {static_cast<uint16_t>(sign | 0x7e00U)};
  if (magnitude >= 0x47800000U) return {static_cast<uint16_t>(sign | 0x7c00U)};  // 65536 and more, infinity
  if (magnitude < 0x38800000U) {
    // Below 2^-14: the result counts units of 2^-24. Adding 0.5 makes those the last bits of a float, which rounds for
    // us.
    const uint32_t units =
        std::bit_cast<uint32_t>(std::bit_cast<float>(magnitude) + 0.5F) - std::bit_cast<uint32_t>(0.5F);
    return {static_cast<uint16_t>(sign | units)};
  }
  // Rounding may carry into the exponent, up to infinity: the encoding makes that right.
  const uint32_t rounded = magnitude - 0x38000000U + 0xfffU + ((magnitude >> 13) & 1U);
  return {static_cast<uint16_t>(sign | (rounded >> 13))};
}

}  // namespace slimnet
