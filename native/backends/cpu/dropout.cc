#include "backends/cpu/dispatch.h"
#include "backends/cpu/kernel_of.h"
#include "backends/cpu/kernels.h"
#include "base/random.h"

namespace slimnet::cpu {

// Element i is kept when Uniform(seed, run_index, i) < keep_prob.
std::unique_ptr<Kernel> PrepareDropout(const NodeContext& node) {
  const auto& attrs = std::get<DropoutAttrs>(node.node.attrs);
  const double keep = attrs.keep_prob;
  const auto seed = static_cast<uint64_t>(attrs.seed);
  const int64_t count = ElementCount(node.output(0).type.shape);
  return ForFloat(node.output(0).type.dtype, [&](auto zero) {
    using T = decltype(zero);
    return KernelOf("philox4x32", [=](ParallelFor& pool, const Bindings& b) {
      const T* x = In<T>(b, 0);
      T* y = Out<T>(b, 0);
      const uint64_t run = b.run_index;
      // One block of random words serves four elements.
      ForRange(pool, (count + 3) / 4, kGrain / 4, [=](int64_t begin, int64_t end) {
        for (int64_t block = begin; block < end; ++block) {
          const PhiloxBlock words = RandomBlock(seed, run, static_cast<uint64_t>(block));
          for (int64_t i = 4 * block; i < count && i < 4 * block + 4; ++i) {
            const bool kept = ToUniform(words[static_cast<size_t>(i % 4)]) < keep;
            y[i] = kept ? static_cast<T>(x[i] / keep) : T{0};
          }
        }
      });
    });
  });
}

}  // namespace slimnet::cpu
