// Elements of any dtype as numbers that hold them exactly.
#pragma once

#include <limits>
#include <type_traits>

#include "backends/cudnn/kernels/each.h"
#include "base/dtype.h"
#include "base/half.h"

namespace slimnet::cudnn {

// Calls body(T{}) with the number that holds every element of the dtype: double, int64_t or uint64_t. Every byte of a
// bool but 0 is 1.
template <class Body>
void ForWide(DType dtype, const Body& body) {
  if (IsFloating(dtype)) return body(double{});
  if (dtype >= DType::kInt8 && dtype <= DType::kInt64) return body(int64_t{});
  return body(uint64_t{});
}

// Element i of a tensor whose dtype has that wide number.
template <class Wide>
SLIMNET_BODY Wide LoadWide(const std::byte* data, DType dtype, int64_t i) {
  const auto at = [&](auto zero) { return static_cast<Wide>(reinterpret_cast<const decltype(zero)*>(data)[i]); };
  if constexpr (std::is_same_v<Wide, double>) {
    switch (dtype) {
      case DType::kFloat64:
        return at(double{});
      case DType::kFloat16:
        return static_cast<double>(ToFloat(reinterpret_cast<const Float16*>(data)[i]));
      case DType::kBFloat16:
        return static_cast<double>(ToFloat(reinterpret_cast<const BFloat16*>(data)[i]));
      default:
        return at(float{});
    }
  } else if constexpr (std::is_same_v<Wide, int64_t>) {
    switch (dtype) {
      case DType::kInt8:
        return at(int8_t{});
      case DType::kInt16:
        return at(int16_t{});
      case DType::kInt32:
        return at(int32_t{});
      default:
        return at(int64_t{});
    }
  } else {
    switch (dtype) {
      case DType::kUInt8:
        return at(uint8_t{});
      case DType::kUInt16:
        return at(uint16_t{});
      case DType::kUInt32:
        return at(uint32_t{});
      case DType::kBool:
        return at(uint8_t{}) != 0 ? 1 : 0;
      default:
        return at(uint64_t{});
    }
  }
}

// Truncates towards zero; what is out of range becomes the nearest end of it, NaN 0. Integers that do not fit keep
// their low bits.
template <class To, class Wide>
SLIMNET_BODY To AsInteger(Wide x) {
  if constexpr (std::is_same_v<Wide, double>) {
    constexpr double kEnd = 2.0 * static_cast<double>(uint64_t{1} << (std::numeric_limits<To>::digits - 1));
    constexpr To kLargest = std::numeric_limits<To>::max();
    constexpr To kSmallest = std::numeric_limits<To>::min();
    if (x != x) return 0;
    if (x >= kEnd) return kLargest;
    if (x <= (std::is_signed_v<To> ? -kEnd : 0.0)) return kSmallest;
  }
  return static_cast<To>(x);
}

// Everything but zero is true, which is 1.
template <class Wide>
SLIMNET_BODY void StoreWide(std::byte* data, DType dtype, int64_t i, Wide x) {
  const auto put = [&](auto value) { reinterpret_cast<decltype(value)*>(data)[i] = value; };
  switch (dtype) {
    case DType::kFloat32:
      return put(static_cast<float>(x));
    case DType::kFloat64:
      return put(static_cast<double>(x));
    case DType::kFloat16:
      return put(ToFloat16(static_cast<float>(x)));
    case DType::kBFloat16:
      return put(ToBFloat16(static_cast<float>(x)));
    case DType::kInt8:
      return put(AsInteger<int8_t>(x));
    case DType::kInt16:
      return put(AsInteger<int16_t>(x));
    case DType::kInt32:
      return put(AsInteger<int32_t>(x));
    case DType::kInt64:
      return put(AsInteger<int64_t>(x));
    case DType::kUInt8:
      return put(AsInteger<uint8_t>(x));
    case DType::kUInt16:
      return put(AsInteger<uint16_t>(x));
    case DType::kUInt32:
      return put(AsInteger<uint32_t>(x));
    case DType::kUInt64:
      return put(AsInteger<uint64_t>(x));
    case DType::kBool:
      return put(static_cast<uint8_t>(x != 0 ? 1 : 0));
  }
}

// Indices of any integer dtype. Those of 2^63 and more come out negative: they are out of any range.
class IndexView {
 public:
  IndexView(const std::byte* data, DType dtype)
      : data_(data), bytes_(static_cast<int>(BytesOf(dtype))), signed_(dtype <= DType::kInt64) {}

  SLIMNET_BODY int64_t operator()(int64_t i) const {
    uint64_t bits = 0;
    if (bytes_ == 8) return reinterpret_cast<const int64_t*>(data_)[i];
    if (bytes_ == 4) bits = reinterpret_cast<const uint32_t*>(data_)[i];
    if (bytes_ == 2) bits = reinterpret_cast<const uint16_t*>(data_)[i];
    if (bytes_ == 1) bits = reinterpret_cast<const uint8_t*>(data_)[i];
    const uint64_t sign = signed_ ? uint64_t{1} << (8 * bytes_ - 1) : 0;
    return static_cast<int64_t>((bits ^ sign) - sign);
  }

 private:
  const std::byte* data_;
  int bytes_;
  bool signed_;
};

}  // namespace slimnet::cudnn
