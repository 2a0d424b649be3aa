// Ops that reduce over axes.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

#include "backends/cpu/dispatch.h"
#include "backends/cpu/kernel_of.h"

namespace slimnet::reference {

// Some axes of a row-major tensor: numbers their positions and says where each lies.
class Axes {
 public:
  void Add(int64_t size, int64_t stride) {
    size_[rank_] = size;
    stride_[rank_++] = stride;
    count_ *= size;
  }
  int64_t count() const { return count_; }
  int64_t Offset(int64_t index) const {
    int64_t offset = 0;
    for (size_t i = rank_; i-- > 0; index /= size_[i]) offset += index % size_[i] * stride_[i];
    return offset;
  }

 private:
  size_t rank_ = 0;
  int64_t count_ = 1;
  std::array<int64_t, 8> size_{};
  std::array<int64_t, 8> stride_{};
};

struct Reduction {
  Axes kept;
  Axes reduced;

  // An empty list means all axes.
  Reduction(const Shape& shape, const std::vector<int64_t>& axes) {
    std::array<bool, 8> gone{};
    for (const int64_t axis : axes) gone[cpu::Axis(axis, shape.size())] = true;
    for (size_t i = 0; i < shape.size(); ++i) {
      (axes.empty() || gone[i] ? reduced : kept).Add(shape[i], cpu::Product(shape, i + 1, shape.size()));
    }
  }
};

// y = finish(sum over the axes of f(x), number of terms), summed in double.
template <class Function, class Finish>
std::unique_ptr<Kernel> Reduce(const NodeContext& node, const std::vector<int64_t>& axes, Function f, Finish finish) {
  const Reduction reduction(node.input(0).type.shape, axes);
  return cpu::ForFloat(node.output(0).type.dtype, [&](auto zero) {
    using T = decltype(zero);
    return cpu::KernelOf("loop", [=](ParallelFor& pool, const Bindings& b) {
      const T* x = cpu::In<T>(b, 0);
      T* y = cpu::Out<T>(b, 0);
      const int64_t terms = reduction.reduced.count();
      cpu::ForRange(pool, reduction.kept.count(), cpu::RowGrain(terms), [&](int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end; ++i) {
          const T* first = x + reduction.kept.Offset(i);
          double sum = 0;
          for (int64_t j = 0; j < terms; ++j) sum += f(static_cast<double>(first[reduction.reduced.Offset(j)]));
          y[i] = static_cast<T>(finish(sum, static_cast<double>(terms)));
        }
      });
    });
  });
}

}  // namespace slimnet::reference
