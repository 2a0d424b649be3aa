#include "backends/cpu/broadcast_index.h"
#include "backends/cpu/dispatch.h"
#include "backends/cpu/kernel_of.h"
#include "backends/cpu/kernels.h"

namespace slimnet::cpu {

std::unique_ptr<Kernel> PrepareSelect(const NodeContext& node) {
  const Shape& shape = node.output(0).type.shape;
  const int64_t count = ElementCount(shape);
  const BroadcastIndex from_condition(node.input(0).type.shape, shape);
  const BroadcastIndex from_x(node.input(1).type.shape, shape);
  const BroadcastIndex from_y(node.input(2).type.shape, shape);
  return ForBytes(node.output(0).type.dtype, [&](auto zero) {
    using T = decltype(zero);
    return KernelOf("loop", [=](ParallelFor& pool, const Bindings& b) {
      const auto* condition = In<uint8_t>(b, 0);
      const T* x = In<T>(b, 1);
      const T* y = In<T>(b, 2);
      T* z = Out<T>(b, 0);
      ForRange(pool, count, kGrain, [&](int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end; ++i) {
          z[i] = condition[from_condition(i)] != 0 ? x[from_x(i)] : y[from_y(i)];
        }
      });
    });
  });
}

}  // namespace slimnet::cpu
