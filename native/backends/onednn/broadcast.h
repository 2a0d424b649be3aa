// Elementwise functions of two tensors whose shapes are aligned from the right.
#pragma once

#include <array>

#include "backends/cpu/dispatch.h"
#include "backends/cpu/kernel_of.h"
#include "backends/onednn/activation.h"
#include "backends/onednn/ops.h"

namespace slimnet::onednn {

// The result's shape in as few dimensions as the two inputs allow; an input does not move along a dimension of stride
// 0.
struct Broadcast {
  static constexpr size_t kMaxRank = 8;
  size_t rank = 1;  // at least 1
  std::array<int64_t, kMaxRank> size{1};
  std::array<int64_t, kMaxRank> x_stride{};
  std::array<int64_t, kMaxRank> y_stride{};

  int64_t inner() const { return size[rank - 1]; }
  int64_t rows() const;
};

Broadcast CollapseBroadcast(const Shape& x, const Shape& y, const Shape& result);

// z[i] = activation(function(x[i], y[i])) for one run of elements, in which an input moves or stands still.
template <bool kMoveX, bool kMoveY, class Function, class Activation>
void BinaryRun(const float* x, const float* y, float* z, int64_t count, Function function, Activation activation) {
  for (int64_t i = 0; i < count; ++i) z[i] = activation(function(x[kMoveX ? i : 0], y[kMoveY ? i : 0]));
}

template <class Function, class Activation>
void BinaryRun(const Broadcast& shape, const float* x, const float* y, float* z, int64_t count, Function function,
               Activation activation) {
  const bool move_x = shape.x_stride[shape.rank - 1] != 0;
  const bool move_y = shape.y_stride[shape.rank - 1] != 0;
  if (move_x && move_y) return BinaryRun<true, true>(x, y, z, count, function, activation);
  if (move_x) return BinaryRun<true, false>(x, y, z, count, function, activation);
  if (move_y) return BinaryRun<false, true>(x, y, z, count, function, activation);
  BinaryRun<false, false>(x, y, z, count, function, activation);
}

// Rows [begin, end): the dimensions before the last, counted through.
template <class Function, class Activation>
void BinaryRows(const Broadcast& shape, const float* x, const float* y, float* z, int64_t begin, int64_t end,
                Function function, Activation activation) {
  std::array<int64_t, Broadcast::kMaxRank> at{};
  int64_t x_offset = 0;
  int64_t y_offset = 0;
  int64_t rest = begin;
  for (size_t d = shape.rank - 1; d-- > 0; rest /= shape.size[d]) {
    at[d] = rest % shape.size[d];
    x_offset += at[d] * shape.x_stride[d];
    y_offset += at[d] * shape.y_stride[d];
  }
  const int64_t inner = shape.inner();
  for (int64_t row = begin; row < end; ++row) {
    BinaryRun(shape, x + x_offset, y + y_offset, z + row * inner, inner, function, activation);
    for (size_t d = shape.rank - 1; d-- > 0;) {
      x_offset += shape.x_stride[d];
      y_offset += shape.y_stride[d];
      if (++at[d] < shape.size[d]) break;
      x_offset -= at[d] * shape.x_stride[d];
      y_offset -= at[d] * shape.y_stride[d];
      at[d] = 0;
    }
  }
}

// A kernel for z = activation(function(x, y)) with `function` on two floats.
template <class Function>
std::unique_ptr<Kernel> BinaryKernel(const OpContext& context, Function function) {
  const Broadcast shape =
      CollapseBroadcast(context.input(0).type.shape, context.input(1).type.shape, context.output(0).type.shape);
  return WithActivation(context.node, [&](auto activation) {
    return cpu::KernelOf("loop", [=](ParallelFor& pool, const Bindings& b) {
      const float* x = cpu::In<float>(b, 0);
      const float* y = cpu::In<float>(b, 1);
      float* z = cpu::Out<float>(b, 0);
      if (shape.rank == 1) {
        cpu::ForRange(pool, shape.inner(), cpu::kGrain, [&](int64_t begin, int64_t end) {
          BinaryRun(shape, x + begin * shape.x_stride[0], y + begin * shape.y_stride[0], z + begin, end - begin,
                    function, activation);
        });
        return;
      }
      cpu::ForRange(pool, shape.rows(), cpu::RowGrain(shape.inner()),
                    [&](int64_t begin, int64_t end) { BinaryRows(shape, x, y, z, begin, end, function, activation); });
    });
  });
}

}  // namespace slimnet::onednn
