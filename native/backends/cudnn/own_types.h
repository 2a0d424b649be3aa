// Types in which own kernels compute that take more than float32.
#pragma once

#include <array>
#include <span>

#include "base/dtype.h"

namespace slimnet::cudnn {

// All but bool; float64 stands last, for those that leave it out.
inline constexpr std::array kNumberTypes{DType::kFloat32, DType::kInt8,   DType::kInt16,  DType::kInt32,
                                         DType::kInt64,   DType::kUInt8,  DType::kUInt16, DType::kUInt32,
                                         DType::kUInt64,  DType::kFloat64};
inline constexpr std::span<const DType> kNumbers = kNumberTypes;
inline constexpr std::span<const DType> kNumbersWithoutFloat64 = kNumbers.first(kNumberTypes.size() - 1);

}  // namespace slimnet::cudnn
