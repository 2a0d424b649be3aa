// A window that slides over height and width of x [N,H,W,C].
#pragma once

#include <cstdint>

#include "backend/backend.h"

namespace slimnet::reference {

// One dimension of the window. Tap k of output o reads input o * stride + k * dilation - before, or padding.
struct Slide {
  int64_t in = 0;
  int64_t out = 0;
  int64_t taps = 0;
  int64_t stride = 1;
  int64_t dilation = 1;
  int64_t before = 0;

  // The input position, or -1 for padding.
  int64_t At(int64_t o, int64_t tap) const {
    const int64_t i = o * stride + tap * dilation - before;
    return i >= 0 && i < in ? i : -1;
  }

  // The output whose tap reads the input position, or -1.
  int64_t From(int64_t i, int64_t tap) const {
    const int64_t o = i + before - tap * dilation;
    return o >= 0 && o % stride == 0 && o / stride < out ? o / stride : -1;
  }
};

struct Window {
  Slide y;
  Slide x;

  // `in` and `out` are the shapes of the image and of what the window makes of it, `ksize` and `dilations` [height,
  // width]; `attrs` has strides and pads [top, bottom, left, right].
  template <class Attrs, class Pair>
  Window(const Shape& in, const Shape& out, const Attrs& attrs, const Pair& ksize, const Pair& dilations)
      : y{in[1], out[1], ksize[0], attrs.strides[0], dilations[0], attrs.pads[0]},
        x{in[2], out[2], ksize[1], attrs.strides[1], dilations[1], attrs.pads[2]} {}

  // Calls visit(pixel of the image) for the taps of an output that lie inside the image, in row-major order.
  template <class Visit>
  void ForEachTap(int64_t oy, int64_t ox, const Visit& visit) const {
    for (int64_t ky = 0; ky < y.taps; ++ky) {
      const int64_t iy = y.At(oy, ky);
      for (int64_t kx = 0; iy >= 0 && kx < x.taps; ++kx) {
        const int64_t ix = x.At(ox, kx);
        if (ix >= 0) visit(iy * x.in + ix);
      }
    }
  }
};

}  // namespace slimnet::reference
