// Batch norms over [rows, channels], for what cuDNN has no engine for: inference that nothing absorbed, and training of
// channels that are no multiple of 8. All but x, dy, y and dx is float32.
#pragma once

#include "backends/cudnn/kernels/operand.h"
#include "backends/cudnn/kernels/reduction.h"

namespace slimnet::cudnn {

struct NormShape {
  int64_t rows = 0;
  int64_t channels = 0;
  double epsilon = 0;
  bool bessel = false;  // the variance that is given out is the unbiased one
};

struct NormParameters {
  DevicePtr scale, offset, mean, variance;
};

// y = scale (x - mean) / sqrt(variance + epsilon) + offset, then the absorbed ops.
size_t NormInferenceScratchBytes(const NormShape& shape);
void NormInference(Queue& queue, const NormShape& shape, const Floats& x, const NormParameters& parameters,
                   const Floats& y, std::span<const TailOp> ops, DevicePtr scratch);

// The same by the mean and the biased variance of x, which are written to `parameters`. Of no rows they are NaN.
size_t NormTrainingScratchBytes(const NormShape& shape);
void NormTraining(Queue& queue, const NormShape& shape, const Floats& x, const NormParameters& parameters,
                  const Floats& y, std::span<const TailOp> ops, DevicePtr scratch);

// A rectifier behind the norm: dy counts where the normalised x is above 0, and below the limit (NaN, infinity: none).
struct NormMask {
  bool on = false;
  float limit = 0;
};

// The way back, from the mean and the variance that the way there gave out.
size_t NormBackwardScratchBytes(const NormShape& shape);
void NormBackward(Queue& queue, const NormShape& shape, const Floats& x, const Floats& dy,
                  const NormParameters& parameters, NormMask mask, const Floats& dx, DevicePtr dscale,
                  DevicePtr doffset, std::span<const TailOp> ops, DevicePtr scratch);

}  // namespace slimnet::cudnn
