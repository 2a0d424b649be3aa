// A loop of our own: oneDNN's softmax gives zeros for a row that holds NaN or infinity, where TensorFlow gives NaN.
#include <cmath>

#include "backends/cpu/dispatch.h"
#include "backends/cpu/kernel_of.h"
#include "backends/onednn/ops.h"

namespace slimnet::onednn {
namespace {

void SoftmaxRow(const float* x, float* y, int64_t size) {
  float largest = x[0];
  for (int64_t i = 1; i < size; ++i) largest = x[i] > largest ? x[i] : largest;
  double sum = 0;
  for (int64_t i = 0; i < size; ++i) {
    y[i] = std::exp(x[i] - largest);
    sum += y[i];
  }
  const auto factor = static_cast<float>(1 / sum);
  for (int64_t i = 0; i < size; ++i) y[i] *= factor;
}

}  // namespace

std::unique_ptr<Kernel> PrepareSoftmax(const OpContext& context) {
  const int64_t rows = cpu::RowCount(context.input(0).type.shape);
  const int64_t size = cpu::RowLength(context.input(0).type.shape);
  return cpu::KernelOf("loop", [=](ParallelFor& pool, const Bindings& b) {
    const float* x = cpu::In<float>(b, 0);
    float* y = cpu::Out<float>(b, 0);
    // An exponential takes as long as many a sum.
    cpu::ForRange(pool, rows, cpu::RowGrain(16 * size), [=](int64_t begin, int64_t end) {
      for (int64_t row = begin; row < end; ++row) SoftmaxRow(x + row * size, y + row * size, size);
    });
  });
}

}  // namespace slimnet::onednn
