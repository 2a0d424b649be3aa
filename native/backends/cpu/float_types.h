// The floating-point types in which a kernel computes.
#pragma once

#include <array>
#include <span>
#include <string>

#include "backend/backend.h"

namespace slimnet::cpu {

inline constexpr std::array kFloat32{DType::kFloat32};
inline constexpr std::array kFloat32And64{DType::kFloat32, DType::kFloat64};

// Whether the inputs in which the op computes (DTypes::kFloat, kNumber) have one of the types. What only moves, names
// elements or compares may have every dtype of the op's.
Verdict ComputesIn(const NodeContext& node, const std::string& backend, std::span<const DType> floats);

}  // namespace slimnet::cpu
