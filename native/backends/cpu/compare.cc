#include "backends/cpu/broadcast_index.h"
#include "backends/cpu/dispatch.h"
#include "backends/cpu/kernel_of.h"
#include "backends/cpu/kernels.h"
#include "base/half.h"

namespace slimnet::cpu {
namespace {

// What an element stands for: halves are compared as numbers, and every byte but 0 is true.
template <class T>
T Meaning(T x) {
  return x;
}
float Meaning(Float16 x) { return ToFloat(x); }
float Meaning(BFloat16 x) { return ToFloat(x); }
bool Meaning(Bool x) { return x.value != 0; }

// z = f(x, y) for any dtype, with broadcasting.
template <class Function>
std::unique_ptr<Kernel> Compare(const NodeContext& node, Function f) {
  const Shape& shape = node.output(0).type.shape;
  const BroadcastIndex from_x(node.input(0).type.shape, shape);
  const BroadcastIndex from_y(node.input(1).type.shape, shape);
  const int64_t count = ElementCount(shape);
  return ForAny(node.input(0).type.dtype, [&](auto zero) {
    using T = decltype(zero);
    return KernelOf("loop", [=](ParallelFor& pool, const Bindings& b) {
      const T* x = In<T>(b, 0);
      const T* y = In<T>(b, 1);
      auto* z = Out<uint8_t>(b, 0);
      ForRange(pool, count, kGrain, [&](int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end; ++i) z[i] = f(Meaning(x[from_x(i)]), Meaning(y[from_y(i)])) ? 1 : 0;
      });
    });
  });
}

}  // namespace

std::unique_ptr<Kernel> PrepareEqual(const NodeContext& node) {
  return Compare(node, [](auto x, auto y) { return x == y; });
}

std::unique_ptr<Kernel> PrepareLess(const NodeContext& node) {
  return Compare(node, [](auto x, auto y) { return x < y; });
}

std::unique_ptr<Kernel> PrepareNotEqual(const NodeContext& node) {
  return Compare(node, [](auto x, auto y) { return x != y; });
}

}  // namespace slimnet::cpu
