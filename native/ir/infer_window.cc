// conv2d and the two poolings.
#include <algorithm>

#include "ir/infer.h"

namespace slimnet::infer {
namespace {

template <size_t kCount>
std::string ListText(const std::array<int64_t, kCount>& list) {
  return ShapeText(Shape(list.begin(), list.end()));
}

template <size_t kCount>
bool AnyBelow(const std::array<int64_t, kCount>& list, int64_t smallest) {
  return std::any_of(list.begin(), list.end(), [&](int64_t v) { return v < smallest; });
}

void CheckWindow(const Window& w) {
  if (AnyBelow(w.ksize, 1) || AnyBelow(w.strides, 1) || AnyBelow(w.dilations, 1)) {
    Fail("Kernel sizes " + ListText(w.ksize) + ", strides " + ListText(w.strides) + " and dilations " +
         ListText(w.dilations) + " must be positive.");
  }
  if (AnyBelow(w.pads, 0)) Fail("Pads " + ListText(w.pads) + " must not be negative.");
}

int64_t WindowedSize(const char* axis, int64_t size, const Window& w, size_t i) {
  const int64_t before = w.pads[2 * i];
  const int64_t after = w.pads[2 * i + 1];
  const int64_t span = SaturatingAdd(SaturatingMul(w.ksize[i] - 1, w.dilations[i]), 1);
  const int64_t padded = SaturatingAdd(SaturatingAdd(size, before), after);
  if (padded < span) {
    Fail("Negative dimension size: a window that spans " + std::to_string(span) + " does not fit into " + axis + " " +
         std::to_string(size) + " with pads " + std::to_string(before) + " and " + std::to_string(after) + ".");
  }
  return (padded - span) / w.strides[i] + 1;
}

template <class PoolAttrs>
TensorType Pooled(const PoolAttrs& a, const TensorType& x) {
  RequireRank("x", x, 4);
  const bool wide = std::max(a.pads[0], a.pads[1]) >= a.ksize[0] || std::max(a.pads[2], a.pads[3]) >= a.ksize[1];
  if (wide && std::any_of(a.pads.begin(), a.pads.end(), [](int64_t p) { return p > 0; })) {
    Fail("Pads " + ListText(a.pads) + " must be smaller than the window " + ListText(a.ksize) + ".");
  }
  const auto [height, width] = Windowed(x.shape, {a.ksize, a.strides, {1, 1}, a.pads});
  return {x.dtype, {x.shape[0], height, width, x.shape[3]}};
}

template <class ConvolutionAttrs>
TensorType Convolved(const ConvolutionAttrs& a, const TensorType& x, const TensorType& filter) {
  RequireRank("x", x, 4);
  RequireRank("filter", filter, 4);
  if (std::any_of(filter.shape.begin(), filter.shape.end(), [](int64_t d) { return d < 1; })) {
    Fail("filter: expected known, positive dimensions, received " + ShapeText(filter.shape) + ".");
  }
  if (x.shape[3] != filter.shape[2]) {
    Fail("x has " + std::to_string(x.shape[3]) + " channels, the filter takes " + std::to_string(filter.shape[2]) +
         ".");
  }
  const auto [height, width] = Windowed(x.shape, {{filter.shape[0], filter.shape[1]}, a.strides, a.dilations, a.pads});
  return {x.dtype, {x.shape[0], height, width, filter.shape[3]}};
}

}  // namespace

std::array<int64_t, 2> Windowed(const Shape& shape, const Window& window) {
  CheckWindow(window);
  return {WindowedSize("height", shape[1], window, 0), WindowedSize("width", shape[2], window, 1)};
}

Types Infer(const Conv2dAttrs& a, const Types& inputs) { return {Convolved(a, inputs[0], inputs[1])}; }
Types Infer(const MaxPool2dAttrs& a, const Types& inputs) { return {Pooled(a, inputs[0])}; }
Types Infer(const AvgPool2dAttrs& a, const Types& inputs) { return {Pooled(a, inputs[0])}; }

Types Infer(const Conv2dBackwardDataAttrs& a, const Types& inputs) {
  TensorType x = Stated(inputs[1].dtype, a.x_shape);
  RequireGradientOf(Convolved(a, x, inputs[0]), inputs[1]);
  return {std::move(x)};
}

Types Infer(const Conv2dBackwardFilterAttrs& a, const Types& inputs) {
  TensorType filter = Stated(inputs[1].dtype, a.filter_shape);
  RequireGradientOf(Convolved(a, inputs[0], filter), inputs[1]);
  return {std::move(filter)};
}

Types Infer(const MaxPool2dBackwardAttrs& a, const Types& inputs) {
  RequireGradientOf(Pooled(a, inputs[0]), inputs[1]);
  return {inputs[0]};
}

Types Infer(const AvgPool2dBackwardAttrs& a, const Types& inputs) {
  TensorType x = Stated(inputs[0].dtype, a.x_shape);
  RequireGradientOf(Pooled(a, x), inputs[0]);
  return {std::move(x)};
}

}  // namespace slimnet::infer
