#include <algorithm>
#include <cmath>

#include "backends/cpu/dispatch.h"
#include "backends/cpu/kernel_of.h"
#include "backends/reference/ops.h"

namespace slimnet::reference {
namespace {

std::unique_ptr<Kernel> PrepareBatchNormTrainingBackward(const NodeContext& node) {
  const auto& attrs = std::get<BatchNormTrainingBackwardAttrs>(node.node.attrs);
  const Shape& shape = node.input(0).type.shape;
  const int64_t rows = cpu::RowCount(shape);
  const int64_t channels = cpu::RowLength(shape);
  const auto m = static_cast<double>(rows);
  const double biased = attrs.bessel ? std::max(m - 1, 1.0) / m : 1;  // factor of the variance that was given out
  return cpu::ForFloat(node.output(0).type.dtype, [&, epsilon = attrs.epsilon](auto zero) {
    using T = decltype(zero);
    return cpu::KernelOf("loop", [=](ParallelFor& pool, const Bindings& b) {
      const T* x = cpu::In<T>(b, 0);
      const T* scale = cpu::In<T>(b, 1);
      const T* mean = cpu::In<T>(b, 2);
      const T* variance = cpu::In<T>(b, 3);
      const T* dy = cpu::In<T>(b, 4);
      T* dx = cpu::Out<T>(b, 0);
      T* dscale = cpu::Out<T>(b, 1);
      T* doffset = cpu::Out<T>(b, 2);
      cpu::ForRange(pool, channels, 1, [&](int64_t begin, int64_t end) {
        for (int64_t c = begin; c < end; ++c) {
          const double inverse = 1 / std::sqrt(variance[c] * biased + epsilon);
          const auto unit = [&](int64_t row) {
            return (x[row * channels + c] - static_cast<double>(mean[c])) * inverse;
          };
          double sum = 0;
          double sum_of_products = 0;
          for (int64_t row = 0; row < rows; ++row) {
            sum += dy[row * channels + c];
            sum_of_products += dy[row * channels + c] * unit(row);
          }
          doffset[c] = static_cast<T>(sum);
          dscale[c] = static_cast<T>(sum_of_products);
          for (int64_t row = 0; row < rows; ++row) {
            const double centred = dy[row * channels + c] - sum / m - unit(row) * sum_of_products / m;
            dx[row * channels + c] = static_cast<T>(scale[c] * inverse * centred);
          }
        }
      });
    });
  });
}

}  // namespace

constexpr OpEntry kBatchNormTrainingBackward{.prepare = PrepareBatchNormTrainingBackward};

}  // namespace slimnet::reference
