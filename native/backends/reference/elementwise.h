// Ops that treat each element alone.
#pragma once

#include <algorithm>
#include <array>
#include <memory>

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

// Finds the element of an operand that meets an element of the stretched result. Shapes are aligned from the right; a
// dimension of 1 has stride 0.
class Broadcast {
 public:
  Broadcast(const Shape& from, const Shape& to) : rank_(to.size()), same_(from == to) {
    int64_t stride = 1;
    for (size_t i = 0; i < to.size(); ++i) {
      const size_t axis = to.size() - 1 - i;
      size_[axis] = to[axis];
      if (i >= from.size()) continue;
      const int64_t dimension = from[from.size() - 1 - i];
      stride_[axis] = dimension == 1 ? 0 : stride;
      stride *= dimension;
    }
  }

  int64_t operator()(int64_t index) const {
    if (same_) return index;
    int64_t source = 0;
    for (size_t axis = rank_; axis-- > 0; index /= size_[axis]) source += index % size_[axis] * stride_[axis];
    return source;
  }

 private:
  size_t rank_;
  bool same_;
  std::array<int64_t, 8> size_{};
  std::array<int64_t, 8> stride_{};
};

// z = f(x, y) with broadcasting, then the absorbed ops.
template <class Function>
std::unique_ptr<Kernel> Binary(const NodeContext& node, Function f) {
  const Shape& shape = node.output(0).type.shape;
  const Broadcast from_x(node.input(0).type.shape, shape);
  const Broadcast from_y(node.input(1).type.shape, shape);
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
