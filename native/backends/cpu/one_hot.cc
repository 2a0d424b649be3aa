#include <algorithm>
#include <utility>

#include "backends/cpu/dispatch.h"
#include "backends/cpu/kernel_of.h"
#include "backends/cpu/kernels.h"

namespace slimnet::cpu {

std::unique_ptr<Kernel> PrepareOneHot(const NodeContext& node) {
  const auto& attrs = std::get<OneHotAttrs>(node.node.attrs);
  const int64_t depth = attrs.depth;
  const auto on = static_cast<float>(attrs.on_value);
  const auto off = static_cast<float>(attrs.off_value);
  const int64_t count = ElementCount(node.input(0).type.shape);
  return ForInteger(node.input(0).type.dtype, [&](auto zero) {
    using T = decltype(zero);
    return KernelOf("loop", [=](ParallelFor& pool, const Bindings& b) {
      const T* indices = In<T>(b, 0);
      auto* y = Out<float>(b, 0);
      ForRange(pool, count, RowGrain(depth), [=](int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end; ++i) {
          std::fill_n(y + i * depth, depth, off);
          const T index = indices[i];
          if (std::cmp_greater_equal(index, 0) && std::cmp_less(index, depth)) {
            y[i * depth + static_cast<int64_t>(index)] = on;
          }
        }
      });
    });
  });
}

}  // namespace slimnet::cpu
