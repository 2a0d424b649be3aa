// What both poolings share: walking the windows.
#pragma once

#include <array>
#include <cstdint>
#include <memory>

#include "backends/cpu/dispatch.h"
#include "backends/cpu/kernel_of.h"
#include "backends/reference/window.h"

namespace slimnet::reference {

// y = finish(state, taps inside the image), where each tap inside folds its value into the state: state = fold(state,
// value).
template <class Attrs, class Fold, class Finish>
std::unique_ptr<Kernel> Pool(const NodeContext& node, const Attrs& attrs, double start, Fold fold, Finish finish) {
  const Window window(node.input(0).type.shape, node.output(0).type.shape, attrs, attrs.ksize,
                      std::array<int64_t, 2>{1, 1});
  const int64_t channels = node.input(0).type.shape[3];
  const int64_t pixels = node.input(0).type.shape[0] * window.y.out * window.x.out;
  return cpu::ForFloat(node.output(0).type.dtype, [&](auto zero) {
    using T = decltype(zero);
    return cpu::KernelOf("loop", [=](ParallelFor& pool, const Bindings& b) {
      const T* x = cpu::In<T>(b, 0);
      T* y = cpu::Out<T>(b, 0);
      cpu::ForRange(
          pool, pixels, cpu::RowGrain(channels * window.y.taps * window.x.taps), [&](int64_t begin, int64_t end) {
            for (int64_t pixel = begin; pixel < end; ++pixel) {
              const int64_t ox = pixel % window.x.out;
              const int64_t oy = pixel / window.x.out % window.y.out;
              const T* image = x + pixel / (window.x.out * window.y.out) * window.y.in * window.x.in * channels;
              for (int64_t c = 0; c < channels; ++c) {
                double state = start;
                int64_t taps = 0;
                window.ForEachTap(oy, ox, [&](int64_t tap) {
                  state = fold(state, static_cast<double>(image[tap * channels + c]));
                  ++taps;
                });
                y[pixel * channels + c] = static_cast<T>(finish(state, static_cast<double>(taps)));
              }
            }
          });
    });
  });
}

}  // namespace slimnet::reference
