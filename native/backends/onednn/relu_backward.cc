#include <cmath>

#include "backends/cpu/dispatch.h"
#include "backends/cpu/kernel_of.h"
#include "backends/onednn/ops.h"

namespace slimnet::onednn {
namespace {

std::unique_ptr<Kernel> PrepareReluBackward(const OpContext& context) {
  const auto limit = static_cast<float>(std::get<ReluBackwardAttrs>(context.node.attrs).limit);
  const bool limited = std::isfinite(limit);
  const int64_t count = ElementCount(context.output(0).type.shape);
  return cpu::KernelOf("loop", [=](ParallelFor& pool, const Bindings& b) {
    const float* y = cpu::In<float>(b, 0);
    const float* dy = cpu::In<float>(b, 1);
    float* dx = cpu::Out<float>(b, 0);
    cpu::ForRange(pool, count, cpu::kGrain, [=](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) dx[i] = y[i] > 0 && !(limited && y[i] >= limit) ? dy[i] : 0;
    });
  });
}

}  // namespace

constexpr OpEntry kReluBackward{.prepare = PrepareReluBackward};

}  // namespace slimnet::onednn
