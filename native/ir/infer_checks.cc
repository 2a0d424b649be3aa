#include <algorithm>
#include <array>
#include <limits>
#include <string_view>

#include "base/error.h"
#include "ir/infer.h"
#include "ir/limits.h"

namespace slimnet::infer {
namespace {

struct DTypesInfo {
  std::string_view text;
  bool (*accepts)(DType);
  bool alike;  // the inputs that say so have one dtype among them
};

// In the order of DTypes.
constexpr std::array<DTypesInfo, 5> kDTypesInfo{{
    {"any dtype", [](DType) { return true; }, true},
    {"a dtype of numbers", [](DType dtype) { return dtype != DType::kBool; }, true},
    {"a floating-point dtype", IsFloating, true},
    {"an integer dtype", [](DType dtype) { return !IsFloating(dtype) && dtype != DType::kBool; }, false},
    {"bool", [](DType dtype) { return dtype == DType::kBool; }, false},
}};

}  // namespace

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

void RequireRank(const char* port, const TensorType& type, size_t rank) {
  if (type.shape.size() != rank) {
    Fail(std::string(port) + ": expected rank " + std::to_string(rank) + ", received " + ShapeText(type.shape) + ".");
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

void CheckDTypes(const OpInfo& op, const Types& inputs) {
  size_t first = inputs.size();
  for (size_t i = 0; i < inputs.size(); ++i) {
    const DTypesInfo& info = kDTypesInfo[static_cast<size_t>(op.dtypes[i])];
    const DType dtype = inputs[i].dtype;
    if (!info.accepts(dtype)) {
      Fail(std::string(op.inputs[i]) + ": expected " + std::string(info.text) + ", received " +
           std::string(Name(dtype)) + ".");
    }
    if (!info.alike) continue;
    first = std::min(first, i);
    const DType expected = inputs[first].dtype;
    if (dtype != expected) {
      Fail("Expected one dtype for " + std::string(op.inputs[first]) + " and " + std::string(op.inputs[i]) +
           ", received " + std::string(Name(expected)) + " and " + std::string(Name(dtype)) + ".");
    }
  }
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

TensorType Stated(DType dtype, const Shape& shape) {
  CheckShape(shape);
  return {dtype, shape};
}

void RequireGradientOf(const TensorType& y, const TensorType& dy) {
  if (dy != y) Fail("dy: expected " + ToString(y) + ", received " + ToString(dy) + ".");
}

Shape Broadcast(const char* op, const Shape& a, const Shape& b) {
  const size_t rank = std::max(a.size(), b.size());
  Shape out(rank);
  for (size_t i = 0; i < rank; ++i) {
    const int64_t x = i < rank - a.size() ? 1 : a[i - (rank - a.size())];
    const int64_t y = i < rank - b.size() ? 1 : b[i - (rank - b.size())];
    if (x != y && x != 1 && y != 1) {
      Fail(std::string(op) + ": shapes " + ShapeText(a) + " and " + ShapeText(b) + " cannot be combined.");
    }
    out[i] = x == 1 ? y : x;
  }
  return out;
}

void RequireBroadcast(const Shape& from, const Shape& to) {
  if (from.size() > to.size() || Broadcast("broadcast", from, to) != to) {
    Fail(ShapeText(from) + " cannot be stretched to " + ShapeText(to) + ".");
  }
}

}  // namespace slimnet::infer
