// Softmax and its logarithm as loops of our own: oneDNN's softmax gives zeros for a row that holds NaN or infinity,
// where TensorFlow gives NaN.
#pragma once

#include "backends/cpu/dispatch.h"
#include "backends/cpu/kernel_of.h"
#include "backends/onednn/ops.h"

namespace slimnet::onednn {

// The largest element of a row that is not empty; NaN where the first element is.
inline float LargestOf(const float* x, int64_t size) {
  float largest = x[0];
  for (int64_t i = 1; i < size; ++i) largest = x[i] > largest ? x[i] : largest;
  return largest;
}

// A kernel that calls row(x, y, size) for each row.
template <class Row>
std::unique_ptr<Kernel> RowKernel(const OpContext& context, Row row) {
  const int64_t rows = cpu::RowCount(context.input(0).type.shape);
  const int64_t size = cpu::RowLength(context.input(0).type.shape);
  return cpu::KernelOf("loop", [=](ParallelFor& pool, const Bindings& b) {
    const float* x = cpu::In<float>(b, 0);
    float* y = cpu::Out<float>(b, 0);
    // An exponential takes as long as many a sum.
    cpu::ForRange(pool, rows, cpu::RowGrain(16 * size), [=](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) row(x + i * size, y + i * size, size);
    });
  });
}

}  // namespace slimnet::onednn
