// A window that slides over height and width of images [N, H, W, C].
#pragma once

#include "backends/cudnn/kernels/divider.h"

namespace slimnet::cudnn {

// One dimension of the window. Tap k of output o reads input o * stride + k * dilation - before, or padding.
struct Slide {
  int64_t in = 0;
  int64_t out = 0;
  int64_t taps = 0;
  Divider stride;
  int64_t dilation = 1;
  int64_t before = 0;

  // The input position, or -1 for padding.
  SLIMNET_BODY int64_t At(int64_t output, int64_t tap) const {
    const int64_t i = output * stride.divisor + tap * dilation - before;
    return i >= 0 && i < in ? i : -1;
  }
  // The output whose tap reads the input position, or -1.
  SLIMNET_BODY int64_t From(int64_t i, int64_t tap) const {
    const int64_t at = i + before - tap * dilation;
    if (at < 0) return -1;
    const int64_t output = stride.Quotient(at);
    return output < out && output * stride.divisor == at ? output : -1;
  }
  // Without dilation: the first output whose window may hold the input position, and the one behind the last.
  SLIMNET_BODY int64_t FirstOver(int64_t i) const {
    const int64_t at = i + before - taps + stride.divisor;
    return at <= 0 ? 0 : stride.Quotient(at);
  }
  SLIMNET_BODY int64_t EndOver(int64_t i) const {
    const int64_t end = stride.Quotient(i + before) + 1;
    return end < out ? end : out;
  }
  // Without dilation: the taps of an output that lie inside.
  SLIMNET_BODY int64_t Inside(int64_t output) const {
    const int64_t first = output * stride.divisor - before;
    const int64_t begin = first < 0 ? 0 : first;
    const int64_t end = first + taps < in ? first + taps : in;
    return end > begin ? end - begin : 0;
  }
};

struct PixelWindow {
  Slide y, x;
  int64_t images = 0;
  int64_t channels = 0;

  int64_t inputs() const { return images * y.in * x.in * channels; }
  int64_t outputs() const { return images * y.out * x.out * channels; }
};

// Takes the number of an element of [N, H, W, C] apart.
struct PixelSplit {
  Divider channels, width, height;

  PixelSplit(int64_t h, int64_t w, int64_t c)
      : channels(h < 1 || w < 1 || c < 1 ? 1 : c), width(w < 1 ? 1 : w), height(h < 1 ? 1 : h) {}

  struct At {
    int64_t image, y, x, channel;
  };
  SLIMNET_BODY At operator()(int64_t i) const {
    At at{};
    at.channel = i;
    at.x = channels.Split(at.channel);
    at.y = width.Split(at.x);
    at.image = height.Split(at.y);
    return at;
  }
};

}  // namespace slimnet::cudnn
