#include <algorithm>
#include <array>

#include "backends/cpu/dispatch.h"
#include "backends/cpu/kernel_of.h"
#include "backends/reference/add_scaled.h"
#include "backends/reference/ops.h"
#include "backends/reference/post_ops.h"
#include "backends/reference/products.h"
#include "backends/reference/window.h"

namespace slimnet::reference {
namespace {

constexpr int64_t kFilterBlock = 64;  // output channels that are summed together

struct Convolution {
  Window window;
  int64_t channels;
  int64_t filters;

  // Sums for output pixel (oy, ox) of one image and `width` filters from `first` on. Padding adds nothing, also where
  // the filter holds NaN or infinity.
  template <class T>
  void Pixel(const T* image, const T* filter, int64_t oy, int64_t ox, int64_t first, int64_t width, double* sum) const {
    for (int64_t ky = 0; ky < window.y.taps; ++ky) {
      const int64_t iy = window.y.At(oy, ky);
      if (iy < 0) continue;
      for (int64_t kx = 0; kx < window.x.taps; ++kx) {
        const int64_t ix = window.x.At(ox, kx);
        if (ix < 0) continue;
        const T* x = image + (iy * window.x.in + ix) * channels;
        const T* f = filter + (ky * window.x.taps + kx) * channels * filters + first;
        for (int64_t c = 0; c < channels; ++c) AddScaled(x[c], f + c * filters, width, sum);
      }
    }
  }
};

std::unique_ptr<Kernel> PrepareConv2d(const NodeContext& node) {
  const auto& attrs = std::get<Conv2dAttrs>(node.node.attrs);
  const Shape& in = node.input(0).type.shape;
  const Shape& filter_shape = node.input(1).type.shape;
  const std::array<int64_t, 2> ksize{filter_shape[0], filter_shape[1]};
  const Convolution conv{
      {in, node.output(0).type.shape, attrs, ksize, attrs.dilations}, filter_shape[2], filter_shape[3]};
  const int64_t rows = in[0] * conv.window.y.out;
  return cpu::ForFloat(node.output(0).type.dtype, [&](auto zero) {
    using T = decltype(zero);
    return cpu::KernelOf("loop", [=, post = PostOps(node)](ParallelFor& pool, const Bindings& b) {
      const T* x = cpu::In<T>(b, 0);
      const T* filter = cpu::In<T>(b, 1);
      T* y = cpu::Out<T>(b, post.last_result());
      const auto& [window, channels, filters] = conv;
      cpu::ForRange(pool, rows, 1, [&](int64_t begin, int64_t end) {
        for (int64_t row = begin; row < end; ++row) {
          const T* image = x + row / window.y.out * window.y.in * window.x.in * channels;
          // Filters outside, pixels inside: a block of filters stays in the cache for a whole row.
          for (int64_t first = 0; first < filters; first += kFilterBlock) {
            const int64_t width = std::min(kFilterBlock, filters - first);
            for (int64_t ox = 0; ox < window.x.out; ++ox) {
              std::array<double, kFilterBlock> sum{};
              conv.Pixel(image, filter, row % window.y.out, ox, first, width, sum.data());
              const int64_t at = (row * window.x.out + ox) * filters + first;
              for (int64_t o = 0; o < width; ++o) y[at + o] = static_cast<T>(post.Apply<T>(sum[o], at + o, b));
            }
          }
        }
      });
    });
  });
}

}  // namespace

constexpr OpEntry kConv2d{.supports = SupportsProduct, .fuses = FusesAll, .prepare = PrepareConv2d};

}  // namespace slimnet::reference
