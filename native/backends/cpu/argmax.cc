#include <cmath>

#include "backends/cpu/dispatch.h"
#include "backends/cpu/kernel_of.h"
#include "backends/cpu/kernels.h"

namespace slimnet::cpu {

std::unique_ptr<Kernel> PrepareArgmax(const NodeContext& node) {
  const Shape& shape = node.input(0).type.shape;
  const size_t axis = Axis(std::get<ArgmaxAttrs>(node.node.attrs).axis, shape.size());
  const int64_t outer = Product(shape, 0, axis);
  const int64_t size = shape[axis];
  const int64_t inner = Product(shape, axis + 1, shape.size());
  return ForFloat(node.input(0).type.dtype, [&](auto zero) {
    using T = decltype(zero);
    return KernelOf("loop", [=](ParallelFor& pool, const Bindings& b) {
      const T* x = In<T>(b, 0);
      auto* y = Out<int32_t>(b, 0);
      ForRange(pool, outer * inner, RowGrain(size), [=](int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end; ++i) {
          const T* line = x + i / inner * size * inner + i % inner;
          int64_t best = 0;
          // A NaN beats every number and is not beaten, so the search may end there.
          for (int64_t j = 1; j < size && !std::isnan(line[best * inner]); ++j) {
            if (std::isnan(line[j * inner]) || line[j * inner] > line[best * inner]) best = j;
          }
          y[i] = static_cast<int32_t>(best);
        }
      });
    });
  });
}

}  // namespace slimnet::cpu
