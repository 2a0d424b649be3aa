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
};

struct Window {
  Slide y;
  Slide x;

  // `ksize` and `dilations` [height, width]; `attrs` has strides and pads [top, bottom, left, right].
  template <class Attrs, class Pair>
  Window(const NodeContext& node, const Attrs& attrs, const Pair& ksize, const Pair& dilations)
      : y(Make(node, 1, ksize[0], attrs.strides[0], dilations[0], attrs.pads[0])),
        x(Make(node, 2, ksize[1], attrs.strides[1], dilations[1], attrs.pads[2])) {}

 private:
  static Slide Make(const NodeContext& node, size_t axis, int64_t taps, int64_t stride, int64_t dilation,
                    int64_t before) {
    return {node.input(0).type.shape[axis], node.output(0).type.shape[axis], taps, stride, dilation, before};
  }
};

}  // namespace slimnet::reference
