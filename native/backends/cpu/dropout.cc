#include <algorithm>

#include "backends/cpu/dispatch.h"
#include "backends/cpu/kernel_of.h"
#include "backends/cpu/kernels.h"
#include "base/random.h"

namespace slimnet::cpu {

// Element i of the whole batch is kept when Uniform(seed, step, i) < keep_prob.
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
      const uint64_t step = b.draw.step;
      const int64_t first = static_cast<int64_t>(b.draw.microbatch) * count;
      const int64_t first_block = first / 4;
      // One block of random words serves four elements.
      ForRange(pool, (first + count + 3) / 4 - first_block, kGrain / 4, [=](int64_t begin, int64_t end) {
        for (int64_t block = first_block + begin; block < first_block + end; ++block) {
          const PhiloxBlock words = RandomBlock(seed, step, static_cast<uint64_t>(block));
          for (int64_t i = std::max(4 * block, first); i < std::min(4 * block + 4, first + count); ++i) {
            const bool kept = ToUniform(words[static_cast<size_t>(i % 4)]) < keep;
            y[i - first] = kept ? static_cast<T>(x[i - first] / keep) : T{0};
          }
        }
      });
    });
  });
}

}  // namespace slimnet::cpu
