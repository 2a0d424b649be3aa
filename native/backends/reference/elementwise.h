// Ops that treat each element alone.
#pragma once

#include <memory>

#include "backends/cpu/broadcast_index.h"
#include "backends/cpu/dispatch.h"
#include "backends/cpu/kernel_of.h"
#include "backends/reference/post_ops.h"

namespace slimnet::reference {

// y = f(x), computed in double.
template <class Function>
std::unique_ptr<Kernel> Unary(const NodeContext& node, Function f) {
  const int64_t count = ElementCount(node.output(0).type.shape);
  return cpu::ForFloat(node.output(0).type.dtype, [&](auto zero) {
    using T = decltype(zero);
    return cpu::KernelOf("loop", [=](ParallelFor& pool, const Bindings& b) {
      const T* x = cpu::In<T>(b, 0);
      T* y = cpu::Out<T>(b, 0);
      cpu::ForRange(pool, count, cpu::kGrain, [=](int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end; ++i) y[i] = static_cast<T>(f(static_cast<double>(x[i])));
      });
    });
  });
}

// z = f(x, y) with broadcasting, then the absorbed ops.
template <class Function>
std::unique_ptr<Kernel> Binary(const NodeContext& node, Function f) {
  const Shape& shape = node.output(0).type.shape;
  const cpu::BroadcastIndex from_x(node.input(0).type.shape, shape);
  const cpu::BroadcastIndex from_y(node.input(1).type.shape, shape);
  const int64_t count = ElementCount(shape);
  return cpu::ForFloat(node.output(0).type.dtype, [&](auto zero) {
    using T = decltype(zero);
    return cpu::KernelOf("loop", [=, post = PostOps(node)](ParallelFor& pool, const Bindings& b) {
      const T* x = cpu::In<T>(b, 0);
      const T* y = cpu::In<T>(b, 1);
      T* z = cpu::Out<T>(b, 0);
      cpu::ForRange(pool, count, cpu::kGrain, [&](int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end; ++i) {
          const double value = f(static_cast<double>(x[from_x(i)]), static_cast<double>(y[from_y(i)]));
          z[i] = static_cast<T>(post.template Apply<T>(value, i, b));
        }
      });
    });
  });
}

}  // namespace slimnet::reference
