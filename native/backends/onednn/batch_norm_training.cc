// Normalisation with the statistics of the batch itself.
#include <algorithm>
#include <cmath>

#include "backends/cpu/dispatch.h"
#include "backends/cpu/kernel_of.h"
#include "backends/onednn/ops.h"
#include "backends/onednn/row_sums.h"

namespace slimnet::onednn {
namespace {

std::unique_ptr<Kernel> PrepareBatchNormTraining(const OpContext& context) {
  const auto& attrs = std::get<BatchNormTrainingAttrs>(context.node.attrs);
  const int64_t rows = cpu::RowCount(context.input(0).type.shape);
  const int64_t channels = cpu::RowLength(context.input(0).type.shape);
  const auto count = static_cast<double>(rows);
  const double correction = attrs.bessel ? count / std::max(count - 1, 1.0) : 1.0;
  return cpu::KernelOf(
      "loop",
      [=, epsilon = attrs.epsilon](ParallelFor& pool, const Bindings& b) {
        const float* x = cpu::In<float>(b, 0);
        const float* scale = cpu::In<float>(b, 1);
        const float* offset = cpu::In<float>(b, 2);
        float* y = cpu::Out<float>(b, 0);
        float* mean = cpu::Out<float>(b, 1);
        float* variance = cpu::Out<float>(b, 2);

        auto* scratch = cpu::Scratch<double>(b);
        const double* sums = SumRows(pool, rows, channels, scratch, [=](int64_t row, double* sum) {
          const float* from = x + row * channels;
          for (int64_t c = 0; c < channels; ++c) sum[c] += from[c];
        });
        for (int64_t c = 0; c < channels; ++c) mean[c] = static_cast<float>(sums[c] / count);
        SumRows(pool, rows, channels, scratch, [=](int64_t row, double* sum) {
          const float* from = x + row * channels;
          for (int64_t c = 0; c < channels; ++c) {
            const float difference = from[c] - mean[c];
            sum[c] += difference * difference;
          }
        });
        // The parts are done with: their memory holds the factors from here on.
        auto* factor = reinterpret_cast<float*>(scratch + channels);
        for (int64_t c = 0; c < channels; ++c) {
          const double biased = sums[c] / count;
          factor[c] = static_cast<float>(scale[c] / std::sqrt(biased + epsilon));
          variance[c] = static_cast<float>(biased * correction);
        }
        cpu::ForRange(pool, rows, cpu::RowGrain(channels), [=](int64_t begin, int64_t end) {
          for (int64_t row = begin; row < end; ++row) {
            const float* from = x + row * channels;
            float* to = y + row * channels;
            for (int64_t c = 0; c < channels; ++c) to[c] = (from[c] - mean[c]) * factor[c] + offset[c];
          }
        });
      },
      RowSumsBytes(channels));
}

}  // namespace

constexpr OpEntry kBatchNormTraining{.prepare = PrepareBatchNormTraining};

}  // namespace slimnet::onednn
