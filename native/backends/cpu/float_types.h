// The floating-point types in which a kernel computes.
#pragma once

#include <array>
#include <span>
#include <string>

#include "backend/backend.h"

namespace slimnet::cpu {

inline constexpr std::array kFloatTypes{DType::kFloat32, DType::kFloat64};

// float32, and float64 with it or not.
constexpr std::span<const DType> FloatTypes(bool float64) { return std::span(kFloatTypes).first(float64 ? 2 : 1); }

// Whether the inputs in which the op computes (DTypes::kFloat, kNumber) have one of the types. What only moves, names
// elements or compares may have every dtype of the op's.
Verdict ComputesIn(const NodeContext& node, const std::string& backend, std::span<const DType> floats);

}  // namespace slimnet::cpu
