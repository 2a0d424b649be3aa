// Reading and writing the values of float32 tensors that are stored in low precision.
#pragma once

#include <bit>
#include <cstdint>
#include <string>
#include <type_traits>

#include "backend/backend.h"
#include "base/error.h"
#include "base/half.h"

namespace slimnet::cpu {

// How one value is stored as T, and what was stored is read.
template <class T>
struct Code;

template <>
struct Code<float> {
  using Stored = float;
  explicit Code(double) {}
  float Load(float stored) const { return stored; }
  float Store(float value) const { return value; }
};

template <>
struct Code<BFloat16> {
  using Stored = BFloat16;
  explicit Code(double) {}
  float Load(BFloat16 stored) const { return ToFloat(stored); }
  BFloat16 Store(float value) const { return ToBFloat16(value); }
};

// Integers times a step, rounded to the nearest, ties to even. What is out of range becomes the nearest end of it,
// NaN the smallest number, as oneDNN's kernels have it.
template <class T>
  requires std::is_integral_v<T>
struct Code<T> {
  using Stored = T;
  static constexpr float kSmallest = std::is_signed_v<T> ? -128.0F : 0.0F;
  static constexpr float kLargest = std::is_signed_v<T> ? 127.0F : 255.0F;

  explicit Code(double one) : step(static_cast<float>(one)), inverse(1.0F / step) {}
  float Load(T stored) const { return step * static_cast<float>(stored); }
  T Store(float value) const {
    float x = value * inverse;
    x = x > kSmallest ? x : kSmallest;
    x = x < kLargest ? x : kLargest;
    // Added to 1.5 * 2^23, the last bits are the whole number: that works in vector registers of every processor.
    constexpr float kMagic = 12582912.0F;
    return static_cast<T>(std::bit_cast<int32_t>(x + kMagic) - std::bit_cast<int32_t>(kMagic));
  }

  float step, inverse;
};

// Calls body(code) with the Code of a float32 value. Throws Error{kInternal} for other values.
template <class Body>
auto ForCode(const Value& value, const Body& body) {
  if (value.type.dtype != DType::kFloat32) {
    throw Error(ErrorCode::kInternal,
                "Only float32 values are stored in low precision, received " + ToString(value.type));
  }
  if (!value.encoding) return body(Code<float>(0));
  switch (value.encoding->dtype) {
    case DType::kBFloat16:
      return body(Code<BFloat16>(0));
    case DType::kUInt8:
      return body(Code<uint8_t>(value.encoding->step));
    case DType::kInt8:
      return body(Code<int8_t>(value.encoding->step));
    default:
      throw Error(ErrorCode::kInternal, "No value is stored as " + ToString(*value.encoding));
  }
}

// Bytes of one element as it is stored. Zeros are zeros in all of them.
inline size_t StoredBytes(const Value& value) {
  return BytesOf(value.encoding ? value.encoding->dtype : value.type.dtype);
}

// Calls body(T{}) with float or BFloat16, as which the value is stored. Throws Error{kInternal} for other values, which
// Supports refuses before.
template <class Body>
auto ForStoredFloat(const Value& value, const Body& body) {
  if (!value.encoding && value.type.dtype == DType::kFloat32) return body(float{});
  if (value.encoding && value.encoding->dtype == DType::kBFloat16) return body(BFloat16{});
  throw Error(ErrorCode::kInternal, "Expected float32 or bfloat16, received " +
                                        (value.encoding ? ToString(*value.encoding) : ToString(value.type)));
}

// What an op's file has for `supports` whose loops know bfloat16 besides float32.
template <class Context>
Verdict NoIntegers(const Context& node) {
  const auto whole = [](const Value& value) { return value.encoding && value.encoding->dtype != DType::kBFloat16; };
  bool any = false;
  for (size_t i = 0; i < node.node.inputs.size(); ++i) any = any || whole(node.input(i));
  for (size_t i = 0; i < node.node.outputs.size(); ++i) any = any || whole(node.output(i));
  for (size_t i = 0; i < node.node.post_ops.size(); ++i) {
    any = any || (node.node.post_ops[i].operand != kNoValue && whole(node.operand(i)));
  }
  if (!any) return Verdict::Yes();
  return Verdict::No(std::string(Info(node.node.op).name) + " knows no integers");
}

// Whether any value around the node is stored in low precision.
inline bool IsLowPrecision(const NodeContext& node) {
  for (size_t i = 0; i < node.node.inputs.size(); ++i) {
    if (node.input(i).encoding) return true;
  }
  for (size_t i = 0; i < node.node.post_ops.size(); ++i) {
    if (node.node.post_ops[i].operand != kNoValue && node.operand(i).encoding) return true;
  }
  for (size_t i = 0; i < node.node.outputs.size(); ++i) {
    if (node.output(i).encoding) return true;
  }
  return false;
}

// A convolution or product that reads float32 and writes low precision.
inline bool LowersPrecision(const NodeContext& node) {
  return Info(node.node.op).product && !node.input(0).encoding && node.output(0).encoding;
}

}  // namespace slimnet::cpu
