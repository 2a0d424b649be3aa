// From a dtype that is known when a plan is compiled to a C++ type.
#pragma once

#include <array>
#include <cstddef>
#include <string>

#include "backend/backend.h"
#include "base/error.h"
#include "base/half.h"

namespace slimnet::cpu {

// Calls body(float{}) or body(double{}) and returns what it returns. Throws Error{kBackend} for other dtypes, which
// Supports refuses before.
template <class Body>
auto ForFloat(DType dtype, const Body& body) {
  switch (dtype) {
    case DType::kFloat32:
      return body(float{});
    case DType::kFloat64:
      return body(double{});
    default:
      throw Error(ErrorCode::kBackend, "expected float32 or float64, received " + std::string(Name(dtype)));
  }
}

// Calls body(T{}) with the integer type that carries a dtype. Throws Error{kBackend} for other dtypes.
template <class Body>
auto ForInteger(DType dtype, const Body& body) {
  switch (dtype) {
    case DType::kInt8:
      return body(int8_t{});
    case DType::kInt16:
      return body(int16_t{});
    case DType::kInt32:
      return body(int32_t{});
    case DType::kInt64:
      return body(int64_t{});
    case DType::kUInt8:
      return body(uint8_t{});
    case DType::kUInt16:
      return body(uint16_t{});
    case DType::kUInt32:
      return body(uint32_t{});
    case DType::kUInt64:
      return body(uint64_t{});
    default:
      throw Error(ErrorCode::kBackend, "expected an integer dtype, received " + std::string(Name(dtype)));
  }
}

// A bool as it is stored: every byte but 0 is true.
struct Bool {
  uint8_t value = 0;
};

// Calls body(T{}) with the type that carries a dtype, whichever it is.
template <class Body>
auto ForAny(DType dtype, const Body& body) {
  switch (dtype) {
    case DType::kFloat32:
    case DType::kFloat64:
      return ForFloat(dtype, body);
    case DType::kFloat16:
      return body(Float16{});
    case DType::kBFloat16:
      return body(BFloat16{});
    case DType::kBool:
      return body(Bool{});
    default:
      return ForInteger(dtype, body);
  }
}

// Calls body(T{}) with a type of as many bytes as an element of the dtype has: for ops that move values.
template <class Body>
auto ForBytes(DType dtype, const Body& body) {
  switch (BytesOf(dtype)) {
    case 1:
      return body(std::array<std::byte, 1>{});
    case 2:
      return body(std::array<std::byte, 2>{});
    case 4:
      return body(std::array<std::byte, 4>{});
    default:
      return body(std::array<std::byte, 8>{});
  }
}

// Elements per item that pay for handing a slice to another thread.
inline constexpr int64_t kGrain = 16384;

// Product of the dimensions [first, last).
inline int64_t Product(const Shape& shape, size_t first, size_t last) {
  int64_t product = 1;
  for (size_t i = first; i < last; ++i) product *= shape[i];
  return product;
}

// The last dimension, and the number of rows of that length. A scalar is one row of one.
inline int64_t RowLength(const Shape& shape) { return shape.empty() ? 1 : shape.back(); }
inline int64_t RowCount(const Shape& shape) { return shape.empty() ? 1 : Product(shape, 0, shape.size() - 1); }

// Rows of `length` elements to hand out at once.
inline int64_t RowGrain(int64_t length) { return length >= kGrain ? 1 : kGrain / (length < 1 ? 1 : length); }

// An axis that may count from the end.
inline size_t Axis(int64_t axis, size_t rank) {
  return static_cast<size_t>(axis < 0 ? axis + static_cast<int64_t>(rank) : axis);
}

}  // namespace slimnet::cpu
