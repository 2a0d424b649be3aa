// What low precision a program computes with. Types say what a tensor means (float32); an encoding says how its values
// are written in memory meanwhile.
#pragma once

#include <array>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "base/dtype.h"

namespace slimnet {

// How a float32 tensor between two steps is stored: bfloat16, or integers times `step`, symmetric around zero.
struct Encoding {
  DType dtype = DType::kBFloat16;  // kBFloat16, kInt8 (-128 to 127), kUInt8 (0 to 255)
  double step = 0;                 // what 1 stands for; 0 for bfloat16

  bool operator==(const Encoding&) const = default;
};

std::string ToString(const Encoding& encoding);  // bfloat16, uint8*0.125

enum class Precision : uint8_t { kFloat32, kBFloat16, kInt8 };

inline constexpr std::array<std::string_view, 3> kPrecisionNames{"float32", "bfloat16", "int8"};
constexpr std::string_view Name(Precision precision) { return kPrecisionNames[static_cast<size_t>(precision)]; }

struct ValueRange {
  double smallest = 0;
  double largest = 0;

  bool operator==(const ValueRange&) const = default;
};

// What a plan says about precision.
struct PrecisionRequest {
  Precision precision = Precision::kFloat32;
  // By the name of the node that makes them, before any node absorbs another: the values that it took in calibration.
  std::map<std::string, ValueRange, std::less<>> ranges;
  // Nodes of these names, and of scopes of these names, stay in float32.
  std::set<std::string, std::less<>> keep_float32;
  // Runs note the range of every result.
  bool observe = false;

  bool KeepsFloat32(std::string_view node) const;
};

}  // namespace slimnet
