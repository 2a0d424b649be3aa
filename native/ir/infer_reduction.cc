// Ops that sum, choose or count.
#include <string>

#include "ir/infer.h"

namespace slimnet::infer {
namespace {

// An empty list of axes means all of them.
Types Reduced(const std::vector<int64_t>& axes, bool keep_dims, const Types& inputs) {
  const Shape& from = inputs[0].shape;
  std::vector<bool> reduced(from.size(), axes.empty());
  for (int64_t axis : axes) {
    const size_t i = NormalizeAxis(axis, from.size(), "axes");
    if (reduced[i]) Fail("Axes " + ShapeText(axes) + " name one axis twice.");
    reduced[i] = true;
  }
  Shape shape;
  for (size_t i = 0; i < from.size(); ++i) {
    if (!reduced[i]) {
      shape.push_back(from[i]);
    } else if (keep_dims) {
      shape.push_back(1);
    }
  }
  return {{inputs[0].dtype, std::move(shape)}};
}

// The shape of indices into the rows of x: one for each.
Shape Indices(const char* port, const TensorType& indices, const TensorType& x) {
  const Shape& from = x.shape;
  const Shape rows(from.begin(), from.empty() ? from.end() : from.end() - 1);
  if (from.empty() || rows != indices.shape) {
    Fail(std::string(port) + ": expected one index for each row of " + ShapeText(from) + ", received " +
         ShapeText(indices.shape) + ".");
  }
  return rows;
}

}  // namespace

Types Infer(const ReduceMeanAttrs& a, const Types& inputs) { return Reduced(a.axes, a.keep_dims, inputs); }
Types Infer(const ReduceSumAttrs& a, const Types& inputs) { return Reduced(a.axes, a.keep_dims, inputs); }

Types Infer(const SumToAttrs& attrs, const Types& inputs) {
  const TensorType like = Stated(inputs[0].dtype, attrs.like_shape);
  RequireBroadcast(like.shape, inputs[0].shape);
  return {like};
}

Types Infer(const L2LossAttrs&, const Types& inputs) { return {{inputs[0].dtype, {}}}; }

Types Infer(const ArgmaxAttrs& attrs, const Types& inputs) {
  Shape shape = inputs[0].shape;
  const size_t gone = NormalizeAxis(attrs.axis, shape.size(), "axis");
  if (shape[gone] == 0) Fail("There is no largest of no values.");
  shape.erase(shape.begin() + static_cast<std::ptrdiff_t>(gone));
  return {{DType::kInt32, std::move(shape)}};
}

Types Infer(const TopKAttrs& attrs, const Types& inputs) {
  const int64_t size = LastDimension("x", inputs[0].shape);
  if (attrs.k < 1 || attrs.k > size) {
    Fail("k: expected 1 to " + std::to_string(size) + ", received " + std::to_string(attrs.k) + ".");
  }
  Shape shape = inputs[0].shape;
  shape.back() = attrs.k;
  return {{inputs[0].dtype, shape}, {DType::kInt32, shape}};
}

Types Infer(const PickAttrs&, const Types& inputs) {
  return {{inputs[0].dtype, Indices("index", inputs[1], inputs[0])}};
}

Types Infer(const InTopKAttrs& attrs, const Types& inputs) {
  if (attrs.k < 0) Fail("k: expected a number that is not negative, received " + std::to_string(attrs.k) + ".");
  return {{DType::kBool, Indices("targets", inputs[1], inputs[0])}};
}

Types Infer(const ConfusionMatrixAttrs& attrs, const Types& inputs) {
  constexpr int64_t kMostClasses = 1 << 15;
  const Shape& labels = inputs[0].shape;
  const Shape& predictions = inputs[1].shape;
  const Shape& weights = inputs[2].shape;
  if (labels != predictions || labels != weights) {
    Fail("Expected one shape, received " + ShapeText(labels) + ", " + ShapeText(predictions) + ", " +
         ShapeText(weights) + ".");
  }
  if (attrs.num_classes < 1 || attrs.num_classes > kMostClasses) {
    Fail("num_classes: expected 1 to " + std::to_string(kMostClasses) + ", received " +
         std::to_string(attrs.num_classes) + ".");
  }
  return {{inputs[2].dtype, {attrs.num_classes, attrs.num_classes}}};
}

Types Infer(const SizeAttrs& attrs, const Types&) {
  CheckShape(attrs.x_shape);
  return {{DType::kInt64, {}}};
}

Types Infer(const MatmulAttrs&, const Types& inputs) {
  const Shape& x = inputs[0].shape;
  const Shape& y = inputs[1].shape;
  RequireRank("y", inputs[1], 2);
  if (x.empty() || x.back() != y[0]) Fail("Cannot multiply " + ShapeText(x) + " by " + ShapeText(y) + ".");
  Shape shape = x;
  shape.back() = y[1];
  return {{inputs[0].dtype, std::move(shape)}};
}

}  // namespace slimnet::infer
