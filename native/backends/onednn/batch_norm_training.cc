// Normalisation with the statistics of the batch itself.
#include <algorithm>
#include <cmath>

#include "backends/cpu/dispatch.h"
#include "backends/cpu/kernel_of.h"
#include "backends/onednn/ops.h"

namespace slimnet::onednn {
namespace {

// The rows are summed in this many parts whatever the number of threads, so that the result does not depend on it.
constexpr int64_t kParts = 16;

struct Rows {
  int64_t rows, channels;
};

// Sums term(row, channel) over all rows into sums[channels]; `parts` holds kParts * channels doubles.
template <class Term>
void SumRows(ParallelFor& pool, const Rows& size, double* parts, double* sums, const Term& term) {
  cpu::ForRange(pool, kParts, 1, [&](int64_t begin, int64_t end) {
    for (int64_t part = begin; part < end; ++part) {
      double* sum = parts + part * size.channels;
      std::fill_n(sum, size.channels, 0.0);
      for (int64_t row = size.rows * part / kParts; row < size.rows * (part + 1) / kParts; ++row) term(row, sum);
    }
  });
  std::fill_n(sums, size.channels, 0.0);
  for (int64_t part = 0; part < kParts; ++part) {
    for (int64_t c = 0; c < size.channels; ++c) sums[c] += parts[part * size.channels + c];
  }
}

std::unique_ptr<Kernel> PrepareBatchNormTraining(const OpContext& context) {
  const auto& attrs = std::get<BatchNormTrainingAttrs>(context.node.attrs);
  const Rows size{cpu::RowCount(context.input(0).type.shape), cpu::RowLength(context.input(0).type.shape)};
  const double count = static_cast<double>(size.rows);
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
        auto* sums = cpu::Scratch<double>(b);
        double* parts = sums + size.channels;
        const int64_t channels = size.channels;

        SumRows(pool, size, parts, sums, [=](int64_t row, double* sum) {
          const float* from = x + row * channels;
          for (int64_t c = 0; c < channels; ++c) sum[c] += from[c];
        });
        for (int64_t c = 0; c < channels; ++c) mean[c] = static_cast<float>(sums[c] / count);
        SumRows(pool, size, parts, sums, [=](int64_t row, double* sum) {
          const float* from = x + row * channels;
          for (int64_t c = 0; c < channels; ++c) {
            const float difference = from[c] - mean[c];
            sum[c] += difference * difference;
          }
        });
        // The sums are done with: their memory holds the factors from here on.
        auto* factor = reinterpret_cast<float*>(parts);
        for (int64_t c = 0; c < channels; ++c) {
          const double biased = sums[c] / count;
          factor[c] = static_cast<float>(scale[c] / std::sqrt(biased + epsilon));
          variance[c] = static_cast<float>(biased * correction);
        }
        cpu::ForRange(pool, size.rows, cpu::RowGrain(channels), [=](int64_t begin, int64_t end) {
          for (int64_t row = begin; row < end; ++row) {
            const float* from = x + row * channels;
            float* to = y + row * channels;
            for (int64_t c = 0; c < channels; ++c) to[c] = (from[c] - mean[c]) * factor[c] + offset[c];
          }
        });
      },
      static_cast<size_t>((kParts + 1) * size.channels) * sizeof(double));
}

}  // namespace

constexpr OpEntry kBatchNormTraining{.prepare = PrepareBatchNormTraining};

}  // namespace slimnet::onednn
