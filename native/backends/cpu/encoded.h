// Reading and writing the values of float32 tensors that are stored in low precision.
#pragma once

#include <cstdint>
#include <string>

#include "backend/backend.h"
#include "base/code.h"
#include "base/error.h"
#include "base/half.h"

namespace slimnet::cpu {

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
