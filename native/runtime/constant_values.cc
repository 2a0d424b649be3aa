#include "runtime/constant_values.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <string>
#include <type_traits>

#include "base/error.h"
#include "base/half.h"

namespace slimnet {
namespace {

template <class T>
T Convert(double value) {
  if constexpr (std::is_same_v<T, Float16>) {
    return ToFloat16(static_cast<float>(value));
  } else if constexpr (std::is_same_v<T, BFloat16>) {
    return ToBFloat16(static_cast<float>(value));
  } else if constexpr (std::is_same_v<T, bool>) {
    return value != 0;
  } else if constexpr (std::is_integral_v<T>) {
    if (std::isnan(value)) return 0;
    // The largest value may round up to one too many as a double: compare, do not clamp.
    if (value >= static_cast<double>(std::numeric_limits<T>::max())) return std::numeric_limits<T>::max();
    if (value <= static_cast<double>(std::numeric_limits<T>::min())) return std::numeric_limits<T>::min();
    return static_cast<T>(value);
  } else {
    return static_cast<T>(value);
  }
}

template <class T>
std::vector<std::byte> Repeated(size_t count, std::span<const double> values) {
  std::vector<std::byte> bytes(count * sizeof(T));
  for (size_t i = 0; i < count; ++i) {
    const T element = Convert<T>(values.size() == 1 ? values[0] : values[i]);
    std::memcpy(bytes.data() + i * sizeof(T), &element, sizeof(T));
  }
  return bytes;
}

}  // namespace

std::vector<std::byte> ConstantBytes(const TensorType& type, std::span<const double> values) {
  const auto count = static_cast<size_t>(ElementCount(type.shape));
  if (count == 0) return {};
  if (values.size() != 1 && values.size() != count) {
    throw Error(ErrorCode::kPlan, "A constant of type " + ToString(type) + " needs " + std::to_string(count) +
                                      " values or one, received " + std::to_string(values.size()) + ".");
  }
  switch (type.dtype) {
    case DType::kFloat32:
      return Repeated<float>(count, values);
    case DType::kFloat64:
      return Repeated<double>(count, values);
    case DType::kFloat16:
      return Repeated<Float16>(count, values);
    case DType::kBFloat16:
      return Repeated<BFloat16>(count, values);
    case DType::kInt8:
      return Repeated<int8_t>(count, values);
    case DType::kInt16:
      return Repeated<int16_t>(count, values);
    case DType::kInt32:
      return Repeated<int32_t>(count, values);
    case DType::kInt64:
      return Repeated<int64_t>(count, values);
    case DType::kUInt8:
      return Repeated<uint8_t>(count, values);
    case DType::kUInt16:
      return Repeated<uint16_t>(count, values);
    case DType::kUInt32:
      return Repeated<uint32_t>(count, values);
    case DType::kUInt64:
      return Repeated<uint64_t>(count, values);
    case DType::kBool:
      return Repeated<bool>(count, values);
  }
  throw Error(ErrorCode::kInternal, "A constant has a dtype without a name.");
}

}  // namespace slimnet
