#include "backends/cpu/convert.h"

#include "backends/cpu/best_isa.h"
#include "backends/cpu/dispatch.h"
#include "backends/cpu/encoded.h"
#include "backends/cpu/kernel_of.h"
#include "backends/cpu/kernels.h"

namespace slimnet::cpu {
namespace {

// The codes are taken by value: see Normalize in backends/onednn/batch_norm.cc.
template <class Source, class Target>
SLIMNET_INLINE void Convert(Source source, Target target, const typename Source::Stored* __restrict x, int64_t count,
                            typename Target::Stored* __restrict y) {
  for (int64_t i = 0; i < count; ++i) y[i] = target.Store(source.Load(x[i]));
}

}  // namespace

Conversion ConversionOf(const Value& from, const Value& to) {
  return ForCode(from, [&](auto source) -> Conversion {
    return ForCode(to, [&](auto target) -> Conversion {
      using From = typename decltype(source)::Stored;
      using To = typename decltype(target)::Stored;
      return [source, target](const void* stored, void* result, int64_t begin, int64_t end) {
        const auto* const x = static_cast<const From*>(stored) + begin;
        auto* const y = static_cast<To*>(result) + begin;
        WithBestIsa([=]() SLIMNET_INLINE_BODY { Convert(source, target, x, end - begin, y); });
      };
    });
  });
}

std::unique_ptr<Kernel> PrepareReorder(const NodeContext& node) {
  if (!IsLowPrecision(node)) return PrepareCopy(node);
  const int64_t count = ElementCount(node.output(0).type.shape);
  return KernelOf("loop",
                  [count, convert = ConversionOf(node.input(0), node.output(0))](ParallelFor& pool, const Bindings& b) {
                    ForRange(pool, count, kGrain,
                             [&](int64_t begin, int64_t end) { convert(In<void>(b, 0), Out<void>(b, 0), begin, end); });
                  });
}

}  // namespace slimnet::cpu
