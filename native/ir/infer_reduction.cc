// Ops that sum or choose along axes.
#include "ir/infer.h"

namespace slimnet::infer {
namespace {

// An empty list of axes means all of them.
Types Reduced(const std::vector<int64_t>& axes, bool keep_dims, const Types& inputs) {
  RequireFloating("x", inputs[0]);
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

}  // namespace

Types Infer(const ReduceMeanAttrs& a, const Types& inputs) { return Reduced(a.axes, a.keep_dims, inputs); }
Types Infer(const ReduceSumAttrs& a, const Types& inputs) { return Reduced(a.axes, a.keep_dims, inputs); }

Types Infer(const L2LossAttrs&, const Types& inputs) {
  RequireFloating("x", inputs[0]);
  return {{inputs[0].dtype, {}}};
}

Types Infer(const ArgmaxAttrs& attrs, const Types& inputs) {
  RequireFloating("x", inputs[0]);
  Shape shape = inputs[0].shape;
  const size_t gone = NormalizeAxis(attrs.axis, shape.size(), "axis");
  if (shape[gone] == 0) Fail("There is no largest of no values.");
  shape.erase(shape.begin() + static_cast<std::ptrdiff_t>(gone));
  return {{DType::kInt32, std::move(shape)}};
}

Types Infer(const TopKAttrs& attrs, const Types& inputs) {
  RequireFloating("x", inputs[0]);
  const int64_t size = LastDimension("x", inputs[0].shape);
  if (attrs.k < 1 || attrs.k > size) {
    Fail("k: expected 1 to " + std::to_string(size) + ", received " + std::to_string(attrs.k) + ".");
  }
  Shape shape = inputs[0].shape;
  shape.back() = attrs.k;
  return {{inputs[0].dtype, shape}, {DType::kInt32, shape}};
}

Types Infer(const MatmulAttrs&, const Types& inputs) {
  const Shape& x = inputs[0].shape;
  const Shape& y = inputs[1].shape;
  RequireRank("y", inputs[1], 2);
  RequireFloating("x", inputs[0]);
  RequireSameDType(inputs[0], inputs[1]);
  if (x.empty() || x.back() != y[0]) Fail("Cannot multiply " + ShapeText(x) + " by " + ShapeText(y) + ".");
  Shape shape = x;
  shape.back() = y[1];
  return {{inputs[0].dtype, std::move(shape)}};
}

}  // namespace slimnet::infer
