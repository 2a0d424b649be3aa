#include <algorithm>

#include "backends/cpu/broadcast_index.h"
#include "backends/cpu/dispatch.h"
#include "backends/cpu/kernel_of.h"
#include "backends/cpu/kernels.h"

namespace slimnet::cpu {

std::unique_ptr<Kernel> PrepareBroadcastTo(const NodeContext& node) {
  const Shape& from = node.input(0).type.shape;
  const Shape& to = node.output(0).type.shape;
  const BroadcastIndex source(from, to);
  const int64_t rows = ElementCount(to) == 0 ? 0 : RowCount(to);
  const int64_t length = RowLength(to);
  const bool fills = RowLength(from) == 1;  // one element for a whole row
  return ForBytes(node.output(0).type.dtype, [&](auto zero) {
    using T = decltype(zero);
    return KernelOf("loop", [=](ParallelFor& pool, const Bindings& b) {
      const T* x = In<T>(b, 0);
      T* y = Out<T>(b, 0);
      ForRange(pool, rows, RowGrain(length), [&](int64_t begin, int64_t end) {
        for (int64_t row = begin; row < end; ++row) {
          const T* first = x + source(row * length);
          if (fills) {
            std::fill_n(y + row * length, length, *first);
          } else {
            std::copy_n(first, length, y + row * length);
          }
        }
      });
    });
  });
}

}  // namespace slimnet::cpu
