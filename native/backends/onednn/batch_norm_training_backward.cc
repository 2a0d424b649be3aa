// The way back from a normalisation with the statistics of the batch itself.
#include <algorithm>
#include <cmath>

#include "backends/cpu/dispatch.h"
#include "backends/cpu/kernel_of.h"
#include "backends/onednn/ops.h"
#include "backends/onednn/row_sums.h"

namespace slimnet::onednn {
namespace {

std::unique_ptr<Kernel> PrepareBatchNormTrainingBackward(const OpContext& context) {
  const auto& attrs = std::get<BatchNormTrainingBackwardAttrs>(context.node.attrs);
  const int64_t rows = cpu::RowCount(context.input(0).type.shape);
  const int64_t channels = cpu::RowLength(context.input(0).type.shape);
  const auto count = static_cast<double>(rows);
  // From the variance that was given out back to the biased one.
  const double biased = attrs.bessel ? std::max(count - 1, 1.0) / count : 1.0;
  return cpu::KernelOf(
      "loop",
      [=, epsilon = attrs.epsilon](ParallelFor& pool, const Bindings& b) {
        const float* x = cpu::In<float>(b, 0);
        const float* scale = cpu::In<float>(b, 1);
        const float* mean = cpu::In<float>(b, 2);
        const float* variance = cpu::In<float>(b, 3);
        const float* dy = cpu::In<float>(b, 4);
        float* dx = cpu::Out<float>(b, 0);
        float* dscale = cpu::Out<float>(b, 1);
        float* doffset = cpu::Out<float>(b, 2);

        // Sums of dy, and behind them those of dy (x - mean).
        auto* scratch = cpu::Scratch<double>(b);
        const double* sums = SumRows(pool, rows, 2 * channels, scratch, [=](int64_t row, double* sum) {
          const float* from = x + row * channels;
          const float* gradient = dy + row * channels;
          for (int64_t c = 0; c < channels; ++c) sum[c] += gradient[c];
          for (int64_t c = 0; c < channels; ++c) sum[channels + c] += gradient[c] * (from[c] - mean[c]);
        });
        // dx = factor (dy - shift - slope (x - mean)). The parts of the sums are done with: their memory holds these.
        auto* factor = reinterpret_cast<float*>(scratch + 2 * channels);
        float* shift = factor + channels;
        float* slope = shift + channels;
        for (int64_t c = 0; c < channels; ++c) {
          const double inverse = 1 / std::sqrt(variance[c] * biased + epsilon);
          const double sum_of_units = sums[channels + c] * inverse;
          doffset[c] = static_cast<float>(sums[c]);
          dscale[c] = static_cast<float>(sum_of_units);
          factor[c] = static_cast<float>(scale[c] * inverse);
          shift[c] = static_cast<float>(sums[c] / count);
          slope[c] = static_cast<float>(sum_of_units * inverse / count);
        }
        cpu::ForRange(pool, rows, cpu::RowGrain(channels), [=](int64_t begin, int64_t end) {
          for (int64_t row = begin; row < end; ++row) {
            const float* from = x + row * channels;
            const float* gradient = dy + row * channels;
            float* to = dx + row * channels;
            for (int64_t c = 0; c < channels; ++c) {
              to[c] = factor[c] * (gradient[c] - shift[c] - slope[c] * (from[c] - mean[c]));
            }
          }
        });
      },
      RowSumsBytes(2 * channels));
}

}  // namespace

constexpr OpEntry kBatchNormTrainingBackward{.prepare = PrepareBatchNormTrainingBackward};

}  // namespace slimnet::onednn
