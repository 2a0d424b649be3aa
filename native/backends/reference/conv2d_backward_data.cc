#include <array>

#include "backends/cpu/dispatch.h"
#include "backends/cpu/kernel_of.h"
#include "backends/reference/ops.h"
#include "backends/reference/window.h"

namespace slimnet::reference {
namespace {

std::unique_ptr<Kernel> PrepareConv2dBackwardData(const NodeContext& node) {
  const auto& attrs = std::get<Conv2dBackwardDataAttrs>(node.node.attrs);
  const Shape& filter_shape = node.input(0).type.shape;
  const Shape& dy_shape = node.input(1).type.shape;
  const Shape& dx_shape = node.output(0).type.shape;
  const std::array<int64_t, 2> ksize{filter_shape[0], filter_shape[1]};
  const Window window(dx_shape, dy_shape, attrs, ksize, attrs.dilations);
  const int64_t channels = filter_shape[2];
  const int64_t filters = filter_shape[3];
  const int64_t pixels = dx_shape[0] * dx_shape[1] * dx_shape[2];
  return cpu::ForFloat(node.output(0).type.dtype, [&](auto zero) {
    using T = decltype(zero);
    return cpu::KernelOf("loop", [=](ParallelFor& pool, const Bindings& b) {
      const T* filter = cpu::In<T>(b, 0);
      const T* dy = cpu::In<T>(b, 1);
      T* dx = cpu::Out<T>(b, 0);
      const auto& [y, x] = window;
      // What the pixel was part of, each time with the filter's taps that met it there.
      const auto sum = [&](int64_t pixel, int64_t channel) {
        const int64_t ix = pixel % x.in;
        const int64_t iy = pixel / x.in % y.in;
        const T* gradients = dy + pixel / (x.in * y.in) * y.out * x.out * filters;
        double total = 0;
        for (int64_t ky = 0; ky < y.taps; ++ky) {
          const int64_t oy = y.From(iy, ky);
          for (int64_t kx = 0; oy >= 0 && kx < x.taps; ++kx) {
            const int64_t ox = x.From(ix, kx);
            if (ox < 0) continue;
            const T* gradient = gradients + (oy * x.out + ox) * filters;
            const T* weight = filter + ((ky * x.taps + kx) * channels + channel) * filters;
            for (int64_t o = 0; o < filters; ++o) total += static_cast<double>(gradient[o]) * weight[o];
          }
        }
        return total;
      };
      cpu::ForRange(pool, pixels, 1, [&](int64_t begin, int64_t end) {
        for (int64_t i = begin * channels; i < end * channels; ++i) {
          dx[i] = static_cast<T>(sum(i / channels, i % channels));
        }
      });
    });
  });
}

}  // namespace

constexpr OpEntry kConv2dBackwardData{.prepare = PrepareConv2dBackwardData};

}  // namespace slimnet::reference
