// Ops that give a tensor another shape or order.
#include <algorithm>
#include <string>

#include "ir/infer.h"
#include "ir/limits.h"

namespace slimnet::infer {
namespace {

// Elements of a shape, leaving out the dimensions for which `skip(i)` holds.
template <class Skip>
int64_t ElementsExcept(const Shape& shape, Skip skip) {
  int64_t count = 1;
  for (size_t i = 0; i < shape.size(); ++i) {
    if (!skip(i)) count = SaturatingMul(count, shape[i]);
  }
  return count;
}

Shape Reshaped(const Shape& from, const Shape& shape) {
  const auto unknown = std::count(shape.begin(), shape.end(), -1);
  if (unknown > 1 || std::any_of(shape.begin(), shape.end(), [](int64_t d) { return d < -1; })) {
    Fail("Expected dimensions with at most one -1, received " + ShapeText(shape) + ".");
  }
  Shape result = shape;
  for (size_t i = 0; i < shape.size(); ++i) {
    if (shape[i] != 0) continue;
    if (i >= from.size()) {
      Fail("Dimension " + std::to_string(i) + " of " + ShapeText(shape) + " keeps a dimension that " + ShapeText(from) +
           " does not have.");
    }
    result[i] = from[i];
  }
  // Dimensions that are kept cancel out on both sides, as in lib/ops/reshape.ts.
  const int64_t elements = ElementsExcept(from, [&](size_t i) { return i < shape.size() && shape[i] == 0; });
  const int64_t to = ElementsExcept(shape, [&](size_t i) { return shape[i] == 0 || shape[i] == -1; });
  const bool fits = unknown == 0 ? elements == to : elements % to == 0;  // `to` holds no zero: it is positive
  if (!fits) Fail(ShapeText(from) + " cannot take the shape " + ShapeText(shape) + ".");
  std::replace(result.begin(), result.end(), int64_t{-1}, elements / to);
  return result;
}

}  // namespace

Types Infer(const ReshapeAttrs& attrs, const Types& inputs) {
  return {{inputs[0].dtype, Reshaped(inputs[0].shape, attrs.shape)}};
}

Types Infer(const SqueezeAttrs& attrs, const Types& inputs) {
  const Shape& from = inputs[0].shape;
  std::vector<bool> dropped(from.size(), false);
  for (int64_t axis : attrs.axes) dropped[NormalizeAxis(axis, from.size(), "axes")] = true;
  Shape shape;
  for (size_t i = 0; i < from.size(); ++i) {
    if (!dropped[i]) {
      shape.push_back(from[i]);
    } else if (from[i] != 1) {
      Fail("Cannot squeeze axis " + std::to_string(i) + " of " + ShapeText(from) + ": its size is not 1.");
    }
  }
  return {{inputs[0].dtype, std::move(shape)}};
}

Types Infer(const PadAttrs& attrs, const Types& inputs) {
  const Shape& from = inputs[0].shape;
  const bool negative = std::any_of(attrs.pads.begin(), attrs.pads.end(), [](int64_t p) { return p < 0; });
  if (attrs.pads.size() != 2 * from.size() || negative) {
    Fail("Expected " + std::to_string(2 * from.size()) + " pads that are not negative, received " +
         ShapeText(attrs.pads) + ".");
  }
  Shape shape = from;
  for (size_t i = 0; i < shape.size(); ++i) {
    shape[i] = SaturatingAdd(shape[i], SaturatingAdd(attrs.pads[2 * i], attrs.pads[2 * i + 1]));
  }
  return {{inputs[0].dtype, std::move(shape)}};
}

Types Infer(const CropAttrs& attrs, const Types& inputs) {
  const Shape& from = inputs[0].shape;
  const bool negative = std::any_of(attrs.pads.begin(), attrs.pads.end(), [](int64_t p) { return p < 0; });
  if (attrs.pads.size() != 2 * from.size() || negative) {
    Fail("Expected " + std::to_string(2 * from.size()) + " pads that are not negative, received " +
         ShapeText(attrs.pads) + ".");
  }
  Shape shape = from;
  for (size_t i = 0; i < shape.size(); ++i) {
    const int64_t dropped = SaturatingAdd(attrs.pads[2 * i], attrs.pads[2 * i + 1]);
    if (dropped > shape[i]) Fail("The pads " + ShapeText(attrs.pads) + " are more than " + ShapeText(from) + " has.");
    shape[i] -= dropped;
  }
  return {{inputs[0].dtype, std::move(shape)}};
}

Types Infer(const BroadcastToAttrs& attrs, const Types& inputs) {
  const TensorType like = Stated(inputs[0].dtype, attrs.like_shape);
  RequireBroadcast(inputs[0].shape, like.shape);
  return {like};
}

Types Infer(const MicrobatchSliceAttrs& attrs, const Types& inputs) {
  Shape shape = inputs[0].shape;
  if (shape.empty() || attrs.count < 1 || shape[0] % attrs.count != 0) {
    Fail(ShapeText(shape) + " has no " + std::to_string(attrs.count) + " equal parts.");
  }
  shape[0] /= attrs.count;
  return {{inputs[0].dtype, std::move(shape)}};
}

Types Infer(const MicrobatchConcatAttrs& attrs, const Types& inputs) {
  Shape shape = inputs[0].shape;
  if (shape.empty() || attrs.count < 1) {
    Fail(ShapeText(shape) + " is no part of " + std::to_string(attrs.count) + ".");
  }
  shape[0] = SaturatingMul(shape[0], attrs.count);
  return {{inputs[0].dtype, std::move(shape)}};
}

Types Infer(const TransposeAttrs& attrs, const Types& inputs) {
  const Shape& from = inputs[0].shape;
  Shape sorted = attrs.perm;
  std::sort(sorted.begin(), sorted.end());
  bool valid = sorted.size() == from.size();
  for (size_t i = 0; valid && i < sorted.size(); ++i) valid = sorted[i] == static_cast<int64_t>(i);
  if (!valid) {
    Fail("perm: expected each axis below " + std::to_string(from.size()) + " once, received " + ShapeText(attrs.perm) +
         ".");
  }
  Shape shape;
  for (int64_t axis : attrs.perm) shape.push_back(from[static_cast<size_t>(axis)]);
  return {{inputs[0].dtype, std::move(shape)}};
}

Types Infer(const OneHotAttrs& attrs, const Types& inputs) {
  if (attrs.depth < 0 || attrs.depth > limits::kDimension) {
    Fail("depth: expected 0 to " + std::to_string(limits::kDimension) + ", received " + std::to_string(attrs.depth) +
         ".");
  }
  Shape shape = inputs[0].shape;
  shape.push_back(attrs.depth);
  return {{DType::kFloat32, std::move(shape)}};
}

}  // namespace slimnet::infer
