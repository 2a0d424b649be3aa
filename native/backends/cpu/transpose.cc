#include <array>
#include <cstring>

#include "backends/cpu/dispatch.h"
#include "backends/cpu/kernel_of.h"
#include "backends/cpu/kernels.h"

namespace slimnet::cpu {
namespace {

constexpr size_t kMaxTransposeRank = 8;

// The result's dimensions, and the elements of the input between two neighbours along each. Axes that stay together are
// one.
struct Order {
  size_t rank = 1;  // at least 1
  std::array<int64_t, kMaxTransposeRank> size{1};
  std::array<int64_t, kMaxTransposeRank> stride{1};

  int64_t inner() const { return size[rank - 1]; }
  int64_t inner_stride() const { return stride[rank - 1]; }

  // Where the row of the result begins in the input.
  int64_t Start(int64_t row) const {
    int64_t start = 0;
    for (size_t d = rank - 1; d-- > 0; row /= size[d]) start += row % size[d] * stride[d];
    return start;
  }
};

Order DescribeOrder(const NodeContext& node) {
  const auto& perm = std::get<TransposeAttrs>(node.node.attrs).perm;
  const Shape& from = node.input(0).type.shape;
  std::array<int64_t, kMaxTransposeRank> strides{};
  int64_t stride = 1;
  for (size_t axis = from.size(); axis-- > 0; stride *= from[axis]) strides[axis] = stride;
  Order order;
  order.rank = 0;
  for (int64_t axis : perm) {
    const auto a = static_cast<size_t>(axis);
    if (from[a] == 1) continue;
    if (order.rank > 0 && order.stride[order.rank - 1] == strides[a] * from[a]) {
      order.size[order.rank - 1] *= from[a];
      order.stride[order.rank - 1] = strides[a];
      continue;
    }
    order.size[order.rank] = from[a];
    order.stride[order.rank] = strides[a];
    ++order.rank;
  }
  if (order.rank == 0) return {};
  return order;
}

template <class T>
void CopyRow(const T* x, T* y, int64_t count, int64_t stride) {
  if (stride == 1) {
    std::memcpy(y, x, static_cast<size_t>(count) * sizeof(T));
    return;
  }
  for (int64_t i = 0; i < count; ++i) y[i] = x[i * stride];
}

}  // namespace

std::unique_ptr<Kernel> PrepareTranspose(const NodeContext& node) {
  const int64_t count = ElementCount(node.output(0).type.shape);
  if (count == 0) return KernelOf("none", [](ParallelFor&, const Bindings&) {});
  const Order order = DescribeOrder(node);
  return ForBytes(node.output(0).type.dtype, [&](auto zero) {
    using T = decltype(zero);
    return KernelOf("loop", [=](ParallelFor& pool, const Bindings& b) {
      const T* x = In<T>(b, 0);
      T* y = Out<T>(b, 0);
      const int64_t inner = order.inner();
      ForRange(pool, count / inner, RowGrain(inner), [=, &order](int64_t begin, int64_t end) {
        for (int64_t row = begin; row < end; ++row) {
          CopyRow(x + order.Start(row), y + row * inner, inner, order.inner_stride());
        }
      });
    });
  });
}

}  // namespace slimnet::cpu
