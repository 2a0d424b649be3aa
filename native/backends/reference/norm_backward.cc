#include "backends/reference/norm_backward.h"

#include <algorithm>
#include <cmath>

#include "backends/cpu/dispatch.h"
#include "backends/cpu/kernel_of.h"
#include "backends/reference/post_ops.h"

namespace slimnet::reference {

std::unique_ptr<Kernel> PrepareNormBackward(const NodeContext& node, const NormBackward& norm) {
  const Shape& shape = node.input(0).type.shape;
  const int64_t rows = cpu::RowCount(shape);
  const int64_t channels = cpu::RowLength(shape);
  const auto m = static_cast<double>(rows);
  const double biased = norm.bessel ? std::max(m - 1, 1.0) / m : 1;  // factor of the variance that was given out
  return cpu::ForFloat(node.output(0).type.dtype, [&](auto zero) {
    using T = decltype(zero);
    return cpu::KernelOf("loop", [=, post = PostOps(node)](ParallelFor& pool, const Bindings& b) {
      const T* x = cpu::In<T>(b, 0);
      const T* scale = cpu::In<T>(b, norm.scale);
      const T* mean = cpu::In<T>(b, norm.mean);
      const T* variance = cpu::In<T>(b, norm.variance);
      const T* dy = cpu::In<T>(b, norm.dy);
      T* dx = cpu::Out<T>(b, 0);
      T* dscale = cpu::Out<T>(b, 1);
      T* doffset = cpu::Out<T>(b, 2);
      cpu::ForRange(pool, channels, 1, [&](int64_t begin, int64_t end) {
        for (int64_t c = begin; c < end; ++c) {
          const double inverse = 1 / std::sqrt(variance[c] * biased + norm.epsilon);
          const auto unit = [&](int64_t row) {
            return (x[row * channels + c] - static_cast<double>(mean[c])) * inverse;
          };
          const auto gradient = [&](int64_t row) -> double {
            if (norm.limit) {
              const double y = unit(row) * scale[c] + cpu::In<T>(b, norm.offset)[c];
              if (!(y > 0) || (std::isfinite(*norm.limit) && y >= *norm.limit)) return 0;
            }
            return dy[row * channels + c];
          };
          double sum = 0;
          double sum_of_products = 0;
          for (int64_t row = 0; row < rows; ++row) {
            sum += gradient(row);
            sum_of_products += gradient(row) * unit(row);
          }
          doffset[c] = static_cast<T>(sum);
          dscale[c] = static_cast<T>(sum_of_products);
          for (int64_t row = 0; row < rows; ++row) {
            const double centred = gradient(row) - sum / m - unit(row) * sum_of_products / m;
            const int64_t i = row * channels + c;
            dx[i] = static_cast<T>(post.template Apply<T>(scale[c] * inverse * centred, i, b));
          }
        }
      });
    });
  });
}

}  // namespace slimnet::reference
