#include <limits>

#include "base/error.h"
#include "ir/infer.h"
#include "ir/limits.h"

namespace slimnet::infer {

void Fail(const std::string& problem) { throw Error(ErrorCode::kShape, problem); }

int64_t SaturatingMul(int64_t a, int64_t b) {
  constexpr int64_t kLargest = std::numeric_limits<int64_t>::max();
  return a != 0 && b > kLargest / a ? kLargest : a * b;
}

int64_t SaturatingAdd(int64_t a, int64_t b) {
  constexpr int64_t kLargest = std::numeric_limits<int64_t>::max();
  return b > kLargest - a ? kLargest : a + b;
}

std::string ShapeText(const Shape& shape) {
  std::string text = "[";
  for (size_t i = 0; i < shape.size(); ++i) text += (i > 0 ? "," : "") + std::to_string(shape[i]);
  return text + "]";
}

bool IsFloating(DType dtype) {
  return dtype == DType::kFloat32 || dtype == DType::kFloat64 || dtype == DType::kFloat16 || dtype == DType::kBFloat16;
}

void RequireRank(const char* port, const TensorType& type, size_t rank) {
  if (type.shape.size() != rank) {
    Fail(std::string(port) + ": expected rank " + std::to_string(rank) + ", received " + ShapeText(type.shape) + ".");
  }
}

void RequireFloating(const char* port, const TensorType& type) {
  if (!IsFloating(type.dtype)) {
    Fail(std::string(port) + ": expected a floating-point dtype, received " + std::string(Name(type.dtype)) + ".");
  }
}

void RequireInteger(const char* port, const TensorType& type) {
  if (IsFloating(type.dtype) || type.dtype == DType::kBool) {
    Fail(std::string(port) + ": expected an integer dtype, received " + std::string(Name(type.dtype)) + ".");
  }
}

void RequireBool(const char* port, const TensorType& type) {
  if (type.dtype != DType::kBool) {
    Fail(std::string(port) + ": expected bool, received " + std::string(Name(type.dtype)) + ".");
  }
}

void RequireSameDType(const TensorType& a, const TensorType& b) {
  if (a.dtype != b.dtype) {
    Fail("Expected one dtype, received " + std::string(Name(a.dtype)) + " and " + std::string(Name(b.dtype)) + ".");
  }
}

void RequireVector(const char* port, const TensorType& type, int64_t length) {
  if (type.shape.size() != 1 || type.shape[0] != length) {
    Fail(std::string(port) + ": expected [" + std::to_string(length) + "], received " + ShapeText(type.shape) + ".");
  }
}

int64_t LastDimension(const char* port, const Shape& shape) {
  if (shape.empty()) Fail(std::string(port) + ": the last dimension of [] must be known.");
  return shape.back();
}

size_t NormalizeAxis(int64_t axis, size_t rank, const char* where) {
  const auto count = static_cast<int64_t>(rank);
  if (axis < -count || axis >= count) {
    Fail(std::string(where) + ": axis " + std::to_string(axis) + " is out of range for rank " + std::to_string(rank) +
         ".");
  }
  return static_cast<size_t>(axis < 0 ? axis + count : axis);
}

void CheckShape(const Shape& shape) {
  if (shape.size() > limits::kRank) {
    Fail("Rank " + std::to_string(shape.size()) + " of " + ShapeText(shape) + " is over the limit of " +
         std::to_string(limits::kRank) + ".");
  }
  int64_t count = 1;
  for (int64_t dimension : shape) {
    if (dimension < 0 || dimension > limits::kDimension) {
      Fail("Expected dimensions between 0 and " + std::to_string(limits::kDimension) + ", received " +
           ShapeText(shape) + ".");
    }
    // A zero anywhere makes the product zero, also after it reached the largest value.
    count = SaturatingMul(count, dimension);
  }
  if (count > limits::kElements) {
    Fail(ShapeText(shape) + " has more than " + std::to_string(limits::kElements) + " elements.");
  }
}

}  // namespace slimnet::infer
