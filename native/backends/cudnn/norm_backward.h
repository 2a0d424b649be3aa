// The way back from a batch norm in training as own kernels, with or without a rectifier between it and the gradient.
#pragma once

#include <optional>

#include "backends/cudnn/ops.h"

namespace slimnet::cudnn {

struct NormBackwardPorts {
  size_t scale, mean, variance, dy;
  size_t offset = 0;  // where there is a rectifier
};

// `limit`: of the rectifier; infinity: it has none; nothing: there is no rectifier.
std::unique_ptr<Kernel> PrepareNormBackward(const OpContext& context, double epsilon, bool bessel,
                                            std::optional<double> limit, const NormBackwardPorts& ports);

}  // namespace slimnet::cudnn
