// Batch normalisation.
#include "ir/infer.h"

namespace slimnet::infer {
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

Types Infer(const BatchNormTrainingReluBackwardAttrs&, const Types& inputs) {
  const TensorType& x = inputs[0];
  const int64_t channels = LastDimension("x", x.shape);
  size_t at = 1;
  for (const char* port : {"scale", "offset", "mean", "variance"}) {
    RequireVector(port, inputs[at++], channels);
  }
  RequireGradientOf(x, inputs[5]);
  return {x, inputs[1], inputs[1]};
}

}  // namespace slimnet::infer
