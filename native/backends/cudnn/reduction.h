// Sums and means as own kernels.
#pragma once

#include "backends/cudnn/kernels/reduction.h"
#include "backends/cudnn/ops.h"

namespace slimnet::cudnn {

struct SumOf {
  bool squares = false;
  double divisor = 1;
};

std::unique_ptr<Kernel> PrepareSum(const OpContext& context, const Reduction& reduction, const SumOf& of);

}  // namespace slimnet::cudnn
