// Normalisation with given statistics, and the activation behind it, in one pass over the tensor.
#include <cmath>

#include "backends/cpu/best_isa.h"
#include "backends/cpu/dispatch.h"
#include "backends/cpu/encoded.h"
#include "backends/cpu/kernel_of.h"
#include "backends/onednn/activation.h"
#include "backends/onednn/ops.h"

namespace slimnet::onednn {
namespace {

// Calls body(code of the input, code of the result, activation).
template <class Body>
auto WithStorage(const OpContext& context, const Body& body) {
  return cpu::ForCode(context.input(0), [&](auto source) {
    return cpu::ForCode(context.output(0), [&](auto target) {
      return WithActivation(context.node, [&](auto activation) { return body(source, target, activation); });
    });
  });
}

// The codes are taken by value: what is stored as bytes might alias everything that is reached through a pointer, and
// the loop would not be vectorised.
template <class Source, class Target, class Activation>
SLIMNET_INLINE void Normalize(Source source, Target target, Activation activation,
                              const typename Source::Stored* __restrict x, const float* __restrict mean,
                              const float* __restrict factor, const float* __restrict offset, int64_t channels,
                              typename Target::Stored* __restrict y) {
  for (int64_t c = 0; c < channels; ++c) {
    y[c] = target.Store(activation((source.Load(x[c]) - mean[c]) * factor[c] + offset[c]));
  }
}

std::unique_ptr<Kernel> PrepareBatchNorm(const OpContext& context) {
  const auto epsilon = static_cast<float>(std::get<BatchNormAttrs>(context.node.attrs).epsilon);
  const int64_t channels = cpu::RowLength(context.input(0).type.shape);
  const int64_t rows = cpu::RowCount(context.input(0).type.shape);
  return WithStorage(context, [&](auto source, auto target, auto activation) {
    using From = typename decltype(source)::Stored;
    using To = typename decltype(target)::Stored;
    return cpu::KernelOf(
        "loop",
        [=](ParallelFor& pool, const Bindings& b) {
          const From* x = cpu::In<From>(b, 0);
          const float* scale = cpu::In<float>(b, 1);
          const float* offset = cpu::In<float>(b, 2);
          const float* mean = cpu::In<float>(b, 3);
          const float* variance = cpu::In<float>(b, 4);
          To* y = cpu::Out<To>(b, 0);
          auto* factor = cpu::Scratch<float>(b);
          for (int64_t c = 0; c < channels; ++c) factor[c] = scale[c] / std::sqrt(variance[c] + epsilon);
          cpu::ForRange(pool, rows, cpu::RowGrain(channels), [=](int64_t begin, int64_t end) {
            cpu::WithBestIsa([=]() SLIMNET_INLINE_BODY {
              for (int64_t row = begin; row < end; ++row) {
                const int64_t at = row * channels;
                Normalize(source, target, activation, x + at, mean, factor, offset, channels, y + at);
              }
            });
          });
        },
        static_cast<size_t>(channels) * sizeof(float));
  });
}

}  // namespace

constexpr OpEntry kBatchNorm{.reads_low_precision = true, .fuses = FusesActivation, .prepare = PrepareBatchNorm};

}  // namespace slimnet::onednn
