// Normalisation with the statistics of the batch itself: one pass for them, and one for all else. What the way back
// needs is computed here as it will be there, from the variance that is given out.
#include <algorithm>

#include "backends/cpu/dispatch.h"
#include "backends/cpu/encoded.h"
#include "backends/cpu/kernel_of.h"
#include "backends/cpu/norm/normalize.h"
#include "backends/cpu/norm/statistics.h"
#include "backends/onednn/norm_tail.h"
#include "backends/onednn/ops.h"

namespace slimnet::onednn {
namespace {

std::unique_ptr<Kernel> PrepareBatchNormTraining(const OpContext& context) {
  const auto& attrs = std::get<BatchNormTrainingAttrs>(context.node.attrs);
  const TensorType& type = context.input(0).type;
  const cpu::norm::Shape shape{cpu::RowCount(type.shape), cpu::RowLength(type.shape)};
  const auto count = static_cast<double>(shape.rows);
  const double correction = attrs.bessel ? count / std::max(count - 1, 1.0) : 1.0;
  const NormTail tail(context.node);
  return cpu::ForStoredFloat(context.input(0), [&](auto from) {
    return cpu::ForStoredFloat(context.output(0), [&](auto to) {
      using From = decltype(from);
      using To = decltype(to);
      return cpu::KernelOf(
          "loop",
          [=, epsilon = attrs.epsilon](ParallelFor& pool, const Bindings& b) {
            const From* x = cpu::In<From>(b, 0);
            const float* scale = cpu::In<float>(b, 1);
            float* mean = cpu::Out<float>(b, 1);
            float* variance = cpu::Out<float>(b, 2);
            cpu::norm::Statistics(pool, shape, x, correction, cpu::Scratch<double>(b), mean, variance);
            // The parts of the sums are done with: their memory holds this from here on.
            auto* factor = cpu::Scratch<float>(b);
            for (int64_t c = 0; c < shape.channels; ++c) {
              factor[c] = cpu::norm::FactorOf(scale[c], variance[c], 1 / correction, epsilon);
            }
            cpu::norm::Normalize(pool, shape, x, {mean, factor, cpu::In<float>(b, 2)}, tail.Added<To>(b), tail.ends,
                                 cpu::Out<To>(b, 0));
          },
          cpu::norm::StatisticsBytes(shape));
    });
  });
}

}  // namespace

constexpr OpEntry kBatchNormTraining{.reads_low_precision = true,
                                     .supports = cpu::NoIntegers,
                                     .fuses = FusesSumAndActivation,
                                     .prepare = PrepareBatchNormTraining};

}  // namespace slimnet::onednn
