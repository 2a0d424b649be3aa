// The way back from a batch norm in training, with or without a rectifier between it and the gradient.
#pragma once

#include "backends/cpu/norm/backward.h"
#include "backends/onednn/engine.h"

namespace slimnet::onednn {

struct NormBackward {
  double epsilon;
  bool bessel;
  cpu::norm::Mask mask;
  // Input ports.
  size_t scale, mean, variance, dy;
  size_t offset;  // any vector where there is no mask
};

std::unique_ptr<Kernel> PrepareNormBackward(const OpContext& context, const NormBackward& norm);

}  // namespace slimnet::onednn
