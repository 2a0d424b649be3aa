// Types in which own kernels compute that take more than float32.
#pragma once

#include <array>
#include <span>

#include "base/dtype.h"

namespace slimnet::cudnn {

// All but bool.
inline constexpr std::array kNumberTypes{DType::kFloat32, DType::kFloat64, DType::kInt8,  DType::kInt16,
                                         DType::kInt32,   DType::kInt64,   DType::kUInt8, DType::kUInt16,
                                         DType::kUInt32,  DType::kUInt64};
inline constexpr std::span<const DType> kNumbers = kNumberTypes;

}  // namespace slimnet::cudnn
