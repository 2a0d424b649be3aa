// Softmax and its logarithm.
#pragma once

#include <algorithm>
#include <cmath>
#include <memory>

#include "backends/cpu/dispatch.h"
#include "backends/cpu/kernel_of.h"

namespace slimnet::reference {

// y = finish(x - max, sum(exp(x - max))) over rows. A NaN or +infinity in a row makes the whole row NaN, as in
// TensorFlow: the sum, or the difference of infinities, is NaN.
template <class Finish>
std::unique_ptr<Kernel> SoftmaxOf(const NodeContext& node, Finish finish) {
  const Shape& shape = node.input(0).type.shape;
  const int64_t rows = cpu::RowCount(shape);
  const int64_t length = cpu::RowLength(shape);
  return cpu::ForFloat(node.input(0).type.dtype, [&](auto zero) {
    using T = decltype(zero);
    return cpu::KernelOf("loop", [=](ParallelFor& pool, const Bindings& b) {
      cpu::ForRange(pool, length == 0 ? 0 : rows, cpu::RowGrain(length), [&](int64_t begin, int64_t end) {
        for (int64_t r = begin; r < end; ++r) {
          const T* x = cpu::In<T>(b, 0) + r * length;
          T* y = cpu::Out<T>(b, 0) + r * length;
          const double largest = *std::max_element(x, x + length);
          double sum = 0;
          for (int64_t i = 0; i < length; ++i) sum += std::exp(x[i] - largest);
          for (int64_t i = 0; i < length; ++i) y[i] = static_cast<T>(finish(x[i] - largest, sum));
        }
      });
    });
  });
}

}  // namespace slimnet::reference
