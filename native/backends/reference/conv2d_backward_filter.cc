#include <algorithm>
#include <array>

#include "backends/cpu/dispatch.h"
#include "backends/cpu/kernel_of.h"
#include "backends/reference/add_scaled.h"
#include "backends/reference/ops.h"
#include "backends/reference/window.h"

namespace slimnet::reference {
namespace {

constexpr int64_t kSummedFilters = 64;  // output channels that are summed together

std::unique_ptr<Kernel> PrepareConv2dBackwardFilter(const NodeContext& node) {
  const auto& attrs = std::get<Conv2dBackwardFilterAttrs>(node.node.attrs);
  const Shape& x_shape = node.input(0).type.shape;
  const Shape& dy_shape = node.input(1).type.shape;
  const Shape& filter_shape = node.output(0).type.shape;
  const std::array<int64_t, 2> ksize{filter_shape[0], filter_shape[1]};
  const Window window(x_shape, dy_shape, attrs, ksize, attrs.dilations);
  const int64_t batch = x_shape[0];
  const int64_t channels = filter_shape[2];
  const int64_t filters = filter_shape[3];
  return cpu::ForFloat(node.output(0).type.dtype, [&](auto zero) {
    using T = decltype(zero);
    return cpu::KernelOf("loop", [=](ParallelFor& pool, const Bindings& b) {
      const T* x = cpu::In<T>(b, 0);
      const T* dy = cpu::In<T>(b, 1);
      T* dfilter = cpu::Out<T>(b, 0);
      const auto& [rows, columns] = window;
      // Sums over all pixels for `width` filters from `first` on, for one tap and input channel.
      const auto sum = [&](int64_t tap, int64_t channel, int64_t first, int64_t width, double* sums) {
        for (int64_t n = 0; n < batch; ++n) {
          const T* image = x + n * rows.in * columns.in * channels + channel;
          const T* gradients = dy + n * rows.out * columns.out * filters + first;
          for (int64_t oy = 0; oy < rows.out; ++oy) {
            const int64_t iy = rows.At(oy, tap / columns.taps);
            for (int64_t ox = 0; iy >= 0 && ox < columns.out; ++ox) {
              const int64_t ix = columns.At(ox, tap % columns.taps);
              if (ix < 0) continue;
              AddScaled(image[(iy * columns.in + ix) * channels], gradients + (oy * columns.out + ox) * filters, width,
                        sums);
            }
          }
        }
      };
      cpu::ForRange(pool, rows.taps * columns.taps * channels, 1, [&](int64_t begin, int64_t end) {
        for (int64_t row = begin; row < end; ++row) {
          for (int64_t first = 0; first < filters; first += kSummedFilters) {
            const int64_t width = std::min(kSummedFilters, filters - first);
            std::array<double, kSummedFilters> sums{};
            sum(row / channels, row % channels, first, width, sums.data());
            for (int64_t o = 0; o < width; ++o) dfilter[row * filters + first + o] = static_cast<T>(sums[o]);
          }
        }
      });
    });
  });
}

}  // namespace

constexpr OpEntry kConv2dBackwardFilter{.prepare = PrepareConv2dBackwardFilter};

}  // namespace slimnet::reference
