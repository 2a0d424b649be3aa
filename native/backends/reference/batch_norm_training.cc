#include <algorithm>
#include <array>
#include <cmath>

#include "backends/cpu/dispatch.h"
#include "backends/cpu/kernel_of.h"
#include "backends/reference/ops.h"
#include "backends/reference/post_ops.h"

namespace slimnet::reference {
namespace {

constexpr int64_t kBlock = 32;  // channels that are summed together while one goes down the rows

struct Norm {
  int64_t rows;
  int64_t channels;
  double epsilon;
  double bessel;  // factor of the variance that is given out

  // Channels [first, first + width) of all rows. No rows: the statistics are 0 / 0 = NaN, as in TensorFlow.
  template <class T>
  void Run(const Bindings& b, const PostOps& post, int64_t first, int64_t width) const {
    const T* x = cpu::In<T>(b, 0);
    const T* scale = cpu::In<T>(b, 1);
    const T* offset = cpu::In<T>(b, 2);
    T* y = cpu::Out<T>(b, 0);
    T* mean_out = cpu::Out<T>(b, 1);
    T* variance_out = cpu::Out<T>(b, 2);
    std::array<double, kBlock> mean{};
    std::array<double, kBlock> variance{};
    const auto m = static_cast<double>(rows);
    for (int64_t r = 0; r < rows; ++r) {
      for (int64_t c = 0; c < width; ++c) mean[c] += x[r * channels + first + c];
    }
    for (int64_t c = 0; c < width; ++c) mean[c] /= m;
    for (int64_t r = 0; r < rows; ++r) {
      for (int64_t c = 0; c < width; ++c) {
        const double d = x[r * channels + first + c] - mean[c];
        variance[c] += d * d;
      }
    }
    for (int64_t c = 0; c < width; ++c) {
      variance[c] /= m;
      mean_out[first + c] = static_cast<T>(mean[c]);
      variance_out[first + c] = static_cast<T>(variance[c] * bessel);
    }
    for (int64_t r = 0; r < rows; ++r) {
      for (int64_t c = 0; c < width; ++c) {
        const int64_t i = r * channels + first + c;
        const double unit = (x[i] - mean[c]) / std::sqrt(variance[c] + epsilon);
        y[i] = static_cast<T>(post.Apply<T>(unit * scale[first + c] + offset[first + c], i, b));
      }
    }
  }
};

std::unique_ptr<Kernel> PrepareBatchNormTraining(const NodeContext& node) {
  const auto& attrs = std::get<BatchNormTrainingAttrs>(node.node.attrs);
  const Shape& shape = node.input(0).type.shape;
  Norm norm{cpu::RowCount(shape), cpu::RowLength(shape), attrs.epsilon, 1};
  if (attrs.bessel) norm.bessel = static_cast<double>(norm.rows) / std::max(static_cast<double>(norm.rows) - 1, 1.0);
  return cpu::ForFloat(node.output(0).type.dtype, [&](auto zero) {
    using T = decltype(zero);
    return cpu::KernelOf("loop", [=, post = PostOps(node)](ParallelFor& pool, const Bindings& b) {
      cpu::ForRange(pool, (norm.channels + kBlock - 1) / kBlock, 1, [&](int64_t begin, int64_t end) {
        for (int64_t first = begin * kBlock; first < std::min(end * kBlock, norm.channels); first += kBlock) {
          norm.Run<T>(b, post, first, std::min(kBlock, norm.channels - first));
        }
      });
    });
  });
}

}  // namespace

constexpr OpEntry kBatchNormTraining{.fuses = FusesWithinOneResult, .prepare = PrepareBatchNormTraining};

}  // namespace slimnet::reference
