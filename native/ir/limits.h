// What a plan may ask for at most. lib/plan/schema.ts and lib/core/shape.ts hold the same numbers.
#pragma once

#include <cstddef>
#include <cstdint>

namespace slimnet::limits {

inline constexpr int kPlanVersion = 1;
inline constexpr size_t kTextBytes = size_t{256} << 20;
inline constexpr size_t kNodes = 1'000'000;
inline constexpr size_t kInputsPerNode = 64;
inline constexpr size_t kNameBytes = 4096;
inline constexpr size_t kConstantValues = 1'048'576;
inline constexpr size_t kRank = 8;
inline constexpr int64_t kDimension = (int64_t{1} << 31) - 1;
inline constexpr int64_t kElements = int64_t{1} << 40;
// Largest integer that JavaScript holds exactly; attributes beyond it cannot have come from the encoder.
inline constexpr int64_t kSafeInteger = (int64_t{1} << 53) - 1;

}  // namespace slimnet::limits
