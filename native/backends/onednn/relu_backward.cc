#include <cmath>
#include <limits>

#include "backends/cpu/best_isa.h"
#include "backends/cpu/dispatch.h"
#include "backends/cpu/encoded.h"
#include "backends/cpu/kernel_of.h"
#include "backends/cpu/norm/rows.h"
#include "backends/onednn/ops.h"

namespace slimnet::onednn {
namespace {

template <class From, class To>
SLIMNET_INLINE void CutBack(const From* __restrict y, const From* __restrict dy, float limit, int64_t count,
                            To* __restrict dx) {
  for (int64_t i = 0; i < count; ++i) {
    const float value = cpu::norm::Read(y[i]);
    cpu::norm::Write(dx[i], ((value > 0) & !(value >= limit)) ? cpu::norm::Read(dy[i]) : 0.0F);
  }
}

std::unique_ptr<Kernel> PrepareReluBackward(const OpContext& context) {
  const double stated = std::get<ReluBackwardAttrs>(context.node.attrs).limit;
  // No number is at or above NaN.
  const float limit = std::isfinite(stated) ? static_cast<float>(stated) : std::numeric_limits<float>::quiet_NaN();
  const int64_t count = ElementCount(context.output(0).type.shape);
  return cpu::ForStoredFloat(context.input(0), [&](auto from) {
    return cpu::ForStoredFloat(context.output(0), [&](auto to) {
      using From = decltype(from);
      using To = decltype(to);
      return cpu::KernelOf("loop", [=](ParallelFor& pool, const Bindings& b) {
        const From* y = cpu::In<From>(b, 0);
        const From* dy = cpu::In<From>(b, 1);
        To* dx = cpu::Out<To>(b, 0);
        cpu::ForRange(pool, count, cpu::kGrain, [=](int64_t begin, int64_t end) {
          cpu::WithBestIsa([=]()
                               SLIMNET_INLINE_BODY { CutBack(y + begin, dy + begin, limit, end - begin, dx + begin); });
        });
      });
    });
  });
}

}  // namespace

constexpr OpEntry kReluBackward{
    .reads_low_precision = true, .supports = cpu::NoIntegers, .prepare = PrepareReluBackward};

}  // namespace slimnet::onednn
