#include <algorithm>
#include <array>
#include <type_traits>

#include "backends/cpu/dispatch.h"
#include "backends/cpu/encoded.h"
#include "backends/cpu/low_precision_sum.h"
#include "backends/cpu/via_float32.h"
#include "backends/onednn/reduction_kernel.h"

namespace slimnet::onednn {
namespace {

// Channels that are summed by one job.
constexpr int64_t kChannels = 256;

// Pixels in low precision of each image, channel by channel: global pooling.
bool IsGlobalPooling(const Reduction& r) {
  return r.run_kept && r.kept.rank <= 1 && r.summed.rank == 1 && r.summed.stride[0] == r.run;
}

template <class T>
float StepOf(const Code<T>& code) {
  if constexpr (std::is_integral_v<T>) return code.step;
  return 1.0F;
}

template <class Input, class Output>
std::unique_ptr<Kernel> LowPrecisionMean(const Reduction& r, Input input, Output output) {
  return cpu::KernelOf("loop", [=](ParallelFor& pool, const Bindings& b) {
    const auto* const x = cpu::In<typename Input::Stored>(b, 0);
    auto* const y = cpu::Out<typename Output::Stored>(b, 0);
    const int64_t pixels = r.summed.size[0];
    // What 1 in a sum is worth in the mean.
    const float one = StepOf(input) / static_cast<float>(pixels);
    const int64_t blocks = (r.run + kChannels - 1) / kChannels;
    cpu::ForRange(pool, r.kept.count() * blocks, cpu::RowGrain(kChannels * pixels), [&](int64_t begin, int64_t end) {
      std::array<float, kChannels> sums;
      for (int64_t i = begin; i < end; ++i) {
        const int64_t first = i % blocks * kChannels;
        const int64_t count = std::min(kChannels, r.run - first);
        cpu::SumPixels(x + r.kept.Offset(i / blocks) + first, pixels, r.run, count, sums.data());
        auto* const to = y + i / blocks * r.run + first;
        for (int64_t c = 0; c < count; ++c) to[c] = output.Store(sums[static_cast<size_t>(c)] * one);
      }
    });
  });
}

// The mean of no values is NaN: 1 / 0 is infinite, and the sum 0.
std::unique_ptr<Kernel> PrepareReduceMean(const OpContext& context) {
  const auto& attrs = std::get<ReduceMeanAttrs>(context.node.attrs);
  const Reduction reduction = DescribeReduction(context.input(0).type.shape, attrs.axes);
  if (cpu::IsLowPrecision(context)) {
    if (!IsGlobalPooling(reduction)) {
      return cpu::ViaFloat32(
          context, [&](const NodeContext& plain) { return PrepareReduceMean(OpContext{plain, context.engine}); });
    }
    return cpu::ForCode(context.input(0), [&](auto input) {
      return cpu::ForCode(context.output(0), [&](auto output) { return LowPrecisionMean(reduction, input, output); });
    });
  }
  return ReductionKernel(reduction, false, 1.0 / static_cast<double>(reduction.terms()));
}

}  // namespace

constexpr OpEntry kReduceMean{.reads_low_precision = true, .prepare = PrepareReduceMean};

}  // namespace slimnet::onednn
