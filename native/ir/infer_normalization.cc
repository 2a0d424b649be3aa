// Batch normalisation, and what changes variables.
#include "ir/infer.h"

namespace slimnet::infer {
namespace {

Types Assigned(const Types& inputs) {
  if (inputs[0].shape != inputs[1].shape) {
    Fail("The variable is " + ShapeText(inputs[0].shape) + ", the value " + ShapeText(inputs[1].shape) + ".");
  }
  return {inputs[0]};
}

}  // namespace

Types Infer(const BatchNormAttrs&, const Types& inputs) {
  const int64_t channels = LastDimension("x", inputs[0].shape);
  RequireVector("scale", inputs[1], channels);
  RequireVector("offset", inputs[2], channels);
  RequireVector("mean", inputs[3], channels);
  RequireVector("variance", inputs[4], channels);
  return {inputs[0]};
}

Types Infer(const BatchNormTrainingAttrs&, const Types& inputs) {
  const int64_t channels = LastDimension("x", inputs[0].shape);
  RequireVector("scale", inputs[1], channels);
  RequireVector("offset", inputs[2], channels);
  const TensorType statistics{inputs[0].dtype, {channels}};
  return {inputs[0], statistics, statistics};
}

Types Infer(const BatchNormTrainingBackwardAttrs&, const Types& inputs) {
  const TensorType& x = inputs[0];
  const int64_t channels = LastDimension("x", x.shape);
  size_t at = 1;
  for (const char* port : {"scale", "mean", "variance"}) {
    RequireVector(port, inputs[at++], channels);
  }
  RequireGradientOf(x, inputs[4]);
  return {x, inputs[1], inputs[1]};
}

Types Infer(const AssignAddAttrs&, const Types& inputs) { return Assigned(inputs); }
Types Infer(const AssignMovingAverageAttrs&, const Types& inputs) { return Assigned(inputs); }

Types Infer(const AssignDebiasedMovingAverageAttrs&, const Types& inputs) {
  const TensorType& variable = inputs[0];
  const TensorType& biased = inputs[1];
  const TensorType& step = inputs[2];
  const TensorType& value = inputs[3];
  if (variable.shape != value.shape || variable.shape != biased.shape || !step.shape.empty()) {
    Fail("Expected three of one shape and a scalar step, received " + ShapeText(variable.shape) + ", " +
         ShapeText(biased.shape) + ", " + ShapeText(value.shape) + ", " + ShapeText(step.shape) + ".");
  }
  return {variable, biased, step};
}

}  // namespace slimnet::infer
