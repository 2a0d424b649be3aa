// What the ways back from both poolings share: walking the windows.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>

#include "backends/cpu/dispatch.h"
#include "backends/cpu/kernel_of.h"
#include "backends/reference/window.h"

namespace slimnet::reference {

// dx is the sum of what `share(window, oy, ox, at, add)` gives: it calls add(pixel, part of dy) for the window of the
// output (oy, ox), where at(pixel) is the value of the image's pixel in this channel, from the step's first input. All
// in double.
template <class Attrs, class Share>
std::unique_ptr<Kernel> PoolBackward(const NodeContext& node, const Attrs& attrs, size_t dy_port, Share share) {
  const Shape& image_shape = node.output(0).type.shape;
  const Window window(image_shape, node.input(dy_port).type.shape, attrs, attrs.ksize, std::array<int64_t, 2>{1, 1});
  const int64_t channels = image_shape[3];
  const int64_t pixels = image_shape[1] * image_shape[2];
  const int64_t planes = image_shape[0] * channels;
  const auto scratch_bytes = static_cast<size_t>(planes * pixels) * sizeof(double);
  return cpu::ForFloat(node.output(0).type.dtype, [&](auto zero) {
    using T = decltype(zero);
    const auto run = [=](ParallelFor& pool, const Bindings& b) {
      const T* x = cpu::In<T>(b, 0);
      const T* dy = cpu::In<T>(b, dy_port);
      T* dx = cpu::Out<T>(b, 0);
      auto* scratch = cpu::Scratch<double>(b);
      const int64_t outputs = window.y.out * window.x.out;
      cpu::ForRange(pool, planes, 1, [&](int64_t begin, int64_t end) {
        for (int64_t plane = begin; plane < end; ++plane) {
          const int64_t image = plane / channels;
          const int64_t c = plane % channels;
          double* sums = scratch + plane * pixels;
          std::fill_n(sums, pixels, 0.0);
          const auto at = [&](int64_t pixel) -> double { return x[(image * pixels + pixel) * channels + c]; };
          for (int64_t i = 0; i < outputs; ++i) {
            const double gradient = dy[(image * outputs + i) * channels + c];
            share(window, i / window.x.out, i % window.x.out, at,
                  [&](int64_t pixel, double part) { sums[pixel] += part * gradient; });
          }
          for (int64_t i = 0; i < pixels; ++i) dx[(image * pixels + i) * channels + c] = static_cast<T>(sums[i]);
        }
      });
    };
    return cpu::KernelOf("loop", run, scratch_bytes);
  });
}

}  // namespace slimnet::reference
