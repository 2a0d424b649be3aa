// The way back from a batch norm in training, with or without a rectifier between it and the gradient.
#pragma once

#include <optional>

#include "backend/backend.h"

namespace slimnet::reference {

struct NormBackward {
  double epsilon;
  bool bessel;
  std::optional<double> limit;  // of a rectifier behind the norm; infinity: none
  // Input ports.
  size_t scale, mean, variance, dy;
  size_t offset = 0;  // where there is a rectifier
};

std::unique_ptr<Kernel> PrepareNormBackward(const NodeContext& node, const NormBackward& norm);

}  // namespace slimnet::reference
