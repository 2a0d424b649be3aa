// What batch norms as own kernels share.
#pragma once

#include "backends/cudnn/kernels/norm.h"
#include "backends/cudnn/rows_of.h"

namespace slimnet::cudnn {

inline NormShape NormShapeOf(const Shape& x, double epsilon, bool bessel) {
  const Rows rows = RowsOf(x);
  return {.rows = rows.count, .channels = rows.length, .epsilon = epsilon, .bessel = bessel};
}

}  // namespace slimnet::cudnn
