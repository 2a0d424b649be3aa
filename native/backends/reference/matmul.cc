#include <algorithm>
#include <array>

#include "backends/cpu/dispatch.h"
#include "backends/cpu/kernel_of.h"
#include "backends/reference/add_scaled.h"
#include "backends/reference/ops.h"
#include "backends/reference/post_ops.h"
#include "backends/reference/products.h"

namespace slimnet::reference {
namespace {

constexpr int64_t kColumnBlock = 64;  // columns that are summed together while one goes down y

std::unique_ptr<Kernel> PrepareMatmul(const NodeContext& node) {
  const int64_t rows = cpu::RowCount(node.input(0).type.shape);
  const int64_t depth = cpu::RowLength(node.input(0).type.shape);
  const int64_t columns = cpu::RowLength(node.output(0).type.shape);
  const int64_t blocks = (columns + kColumnBlock - 1) / kColumnBlock;
  return cpu::ForFloat(node.output(0).type.dtype, [&](auto zero) {
    using T = decltype(zero);
    return cpu::KernelOf("loop", [=, post = PostOps(node)](ParallelFor& pool, const Bindings& b) {
      const T* x = cpu::In<T>(b, 0);
      const T* y = cpu::In<T>(b, 1);
      T* z = cpu::Out<T>(b, 0);
      cpu::ForRange(pool, rows * blocks, cpu::RowGrain(depth * kColumnBlock), [&](int64_t begin, int64_t end) {
        for (int64_t task = begin; task < end; ++task) {
          const int64_t row = task / blocks;
          const int64_t first = task % blocks * kColumnBlock;
          const int64_t width = std::min(kColumnBlock, columns - first);
          std::array<double, kColumnBlock> sum{};
          for (int64_t k = 0; k < depth; ++k) {
            AddScaled(x[row * depth + k], y + k * columns + first, width, sum.data());
          }
          for (int64_t j = 0; j < width; ++j) {
            const int64_t i = row * columns + first + j;
            z[i] = static_cast<T>(post.Apply<T>(sum[j], i, b));
          }
        }
      });
    });
  });
}

}  // namespace

constexpr OpEntry kMatmul{.supports = SupportsProduct, .fuses = FusesWithinOneResult, .prepare = PrepareMatmul};

}  // namespace slimnet::reference
