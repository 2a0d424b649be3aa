#include <cmath>

#include "backends/cpu/dispatch.h"
#include "backends/cpu/kernel_of.h"
#include "backends/reference/ops.h"
#include "backends/reference/post_ops.h"

namespace slimnet::reference {

namespace {

std::unique_ptr<Kernel> PrepareBatchNorm(const NodeContext& node) {
  const Shape& shape = node.output(0).type.shape;
  const double epsilon = std::get<BatchNormAttrs>(node.node.attrs).epsilon;
  const int64_t count = ElementCount(shape);
  const int64_t channels = cpu::RowLength(shape);
  return cpu::ForFloat(node.output(0).type.dtype, [&](auto zero) {
    using T = decltype(zero);
    return cpu::KernelOf("loop", [=, post = PostOps(node)](ParallelFor& pool, const Bindings& b) {
      const T* x = cpu::In<T>(b, 0);
      const T* scale = cpu::In<T>(b, 1);
      const T* offset = cpu::In<T>(b, 2);
      const T* mean = cpu::In<T>(b, 3);
      const T* variance = cpu::In<T>(b, 4);
      T* y = cpu::Out<T>(b, 0);
      cpu::ForRange(pool, count, cpu::kGrain, [&](int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end; ++i) {
          const int64_t c = i % channels;
          const double deviation = std::sqrt(static_cast<double>(variance[c]) + epsilon);
          const double value = scale[c] * (static_cast<double>(x[i]) - mean[c]) / deviation + offset[c];
          y[i] = static_cast<T>(post.Apply<T>(value, i, b));
        }
      });
    });
  });
}

}  // namespace

constexpr OpEntry kBatchNorm{.fuses = FusesActivation, .prepare = PrepareBatchNorm};

}  // namespace slimnet::reference
