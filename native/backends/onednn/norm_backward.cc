#include "backends/onednn/norm_backward.h"

#include <algorithm>
#include <cmath>

#include "backends/cpu/dispatch.h"
#include "backends/cpu/encoded.h"
#include "backends/cpu/kernel_of.h"
#include "backends/onednn/norm_tail.h"

namespace slimnet::onednn {

std::unique_ptr<Kernel> PrepareNormBackward(const OpContext& context, const NormBackward& norm) {
  const TensorType& type = context.input(0).type;
  const cpu::norm::Shape shape{cpu::RowCount(type.shape), cpu::RowLength(type.shape)};
  const auto count = static_cast<double>(shape.rows);
  // From the variance that was given out back to the biased one, as the way there has it.
  const double biased = norm.bessel ? 1 / (count / std::max(count - 1, 1.0)) : 1.0;
  const size_t factors_at = cpu::norm::BackwardSumsBytes(shape);
  const NormTail tail(context.node);
  return cpu::ForStoredFloat(context.input(0), [&](auto from) {
    return cpu::ForStoredFloat(context.output(0), [&](auto to) {
      using From = decltype(from);
      using To = decltype(to);
      return cpu::KernelOf(
          "loop",
          [=](ParallelFor& pool, const Bindings& b) {
            const From* x = cpu::In<From>(b, 0);
            const From* dy = cpu::In<From>(b, norm.dy);
            const float* scale = cpu::In<float>(b, norm.scale);
            const float* mean = cpu::In<float>(b, norm.mean);
            const float* variance = cpu::In<float>(b, norm.variance);
            float* dscale = cpu::Out<float>(b, 1);
            float* doffset = cpu::Out<float>(b, 2);

            auto* factor = cpu::Scratch<float>(b, factors_at);
            float* shift = factor + shape.channels;
            float* slope = shift + shape.channels;
            for (int64_t c = 0; c < shape.channels; ++c) {
              factor[c] = cpu::norm::FactorOf(scale[c], variance[c], biased, norm.epsilon);
            }
            const cpu::norm::Factors factors{mean, factor, cpu::In<float>(b, norm.offset)};
            const double* sums =
                cpu::norm::BackwardSums(pool, shape, x, dy, factors, norm.mask, cpu::Scratch<double>(b));
            for (int64_t c = 0; c < shape.channels; ++c) {
              const double inverse = 1 / std::sqrt(variance[c] * biased + norm.epsilon);
              const double sum_of_units = sums[shape.channels + c] * inverse;
              doffset[c] = static_cast<float>(sums[c]);
              dscale[c] = static_cast<float>(sum_of_units);
              shift[c] = static_cast<float>(sums[c] / count);
              slope[c] = static_cast<float>(sum_of_units * inverse / count);
            }
            cpu::norm::BackwardData(pool, shape, x, dy, factors, {shift, slope}, norm.mask, tail.Added<To>(b),
                                    cpu::Out<To>(b, 0));
          },
          factors_at + static_cast<size_t>(3 * shape.channels) * sizeof(float));
    });
  });
}

}  // namespace slimnet::onednn
