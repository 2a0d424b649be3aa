// Normalisation with given statistics, and the activation behind it, in one pass over the tensor.
#include <cmath>

#include "backends/cpu/dispatch.h"
#include "backends/cpu/kernel_of.h"
#include "backends/onednn/activation.h"
#include "backends/onednn/ops.h"

namespace slimnet::onednn {

std::unique_ptr<Kernel> PrepareBatchNorm(const OpContext& context) {
  const auto epsilon = static_cast<float>(std::get<BatchNormAttrs>(context.node.attrs).epsilon);
  const int64_t channels = cpu::RowLength(context.input(0).type.shape);
  const int64_t rows = cpu::RowCount(context.input(0).type.shape);
  return WithActivation(context.node, [&](auto activation) {
    return cpu::KernelOf(
        "loop",
        [=](ParallelFor& pool, const Bindings& b) {
          const float* x = cpu::In<float>(b, 0);
          const float* scale = cpu::In<float>(b, 1);
          const float* offset = cpu::In<float>(b, 2);
          const float* mean = cpu::In<float>(b, 3);
          const float* variance = cpu::In<float>(b, 4);
          float* y = cpu::Out<float>(b, 0);
          auto* factor = static_cast<float*>(b.scratch);
          for (int64_t c = 0; c < channels; ++c) factor[c] = scale[c] / std::sqrt(variance[c] + epsilon);
          cpu::ForRange(pool, rows, cpu::RowGrain(channels), [=](int64_t begin, int64_t end) {
            for (int64_t row = begin; row < end; ++row) {
              const float* from = x + row * channels;
              float* to = y + row * channels;
              for (int64_t c = 0; c < channels; ++c) to[c] = activation((from[c] - mean[c]) * factor[c] + offset[c]);
            }
          });
        },
        static_cast<size_t>(channels) * sizeof(float));
  });
}

}  // namespace slimnet::onednn
