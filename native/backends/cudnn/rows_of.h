// Rows of a matrix, or of what ends in one: the last dimension is their length.
#pragma once

#include "backends/cudnn/kernels/softmax.h"
#include "ir/program.h"

namespace slimnet::cudnn {

// A scalar is one row of one.
inline Rows RowsOf(const Shape& shape) {
  if (shape.empty()) return {1, 1};
  int64_t count = 1;
  for (size_t i = 0; i + 1 < shape.size(); ++i) count *= shape[i];
  return {count, shape.back()};
}

}  // namespace slimnet::cudnn
