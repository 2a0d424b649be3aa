// Each gradient to the largest value of its window, as a loop of our own, which knows NaN as the way there does.
#include <algorithm>
#include <array>

#include "backends/cpu/dispatch.h"
#include "backends/cpu/kernel_of.h"
#include "backends/onednn/ops.h"

namespace slimnet::onednn {
namespace {

constexpr int64_t kPoolChannels = 16;  // channels that are looked at together

// One dimension of the window.
struct WindowAxis {
  int64_t in, out, taps, stride, before;

  int64_t First(int64_t o) const { return std::max<int64_t>(o * stride - before, 0); }
  int64_t End(int64_t o) const { return std::min(o * stride - before + taps, in); }
};

struct MaxPoolBackward {
  WindowAxis y, x;
  int64_t channels;

  // Channels [0, width) of one image, which begins at the first of them.
  void Run(const float* image, const float* dy, float* dx, int64_t width) const {
    for (int64_t pixel = 0; pixel < y.in * x.in; ++pixel) std::fill_n(dx + pixel * channels, width, 0.0F);
    for (int64_t oy = 0; oy < y.out; ++oy) {
      for (int64_t ox = 0; ox < x.out; ++ox, dy += channels) {
        const std::array<int64_t, kPoolChannels> winners = Winners(image, oy, ox, width);
        for (int64_t c = 0; c < width; ++c) dx[winners[static_cast<size_t>(c)] * channels + c] += dy[c];
      }
    }
  }

 private:
  // The pixel with the largest value of a window, by channel: the first of them, and the first NaN before all others.
  std::array<int64_t, kPoolChannels> Winners(const float* image, int64_t oy, int64_t ox, int64_t width) const {
    std::array<int64_t, kPoolChannels> winners{};
    std::array<float, kPoolChannels> largest{};
    bool first = true;
    for (int64_t iy = y.First(oy); iy < y.End(oy); ++iy) {
      for (int64_t ix = x.First(ox); ix < x.End(ox); ++ix) {
        const int64_t pixel = iy * x.in + ix;
        const float* values = image + pixel * channels;
        for (size_t c = 0; c < static_cast<size_t>(width); ++c) {
          const float value = values[c];
          // Written without a branch: a NaN is larger than what is none, and nothing is larger than a NaN.
          const bool is_nan = value != value && largest[c] == largest[c];
          const bool wins = first || value > largest[c] || is_nan;
          largest[c] = wins ? value : largest[c];
          winners[c] = wins ? pixel : winners[c];
        }
        first = false;
      }
    }
    return winners;
  }
};

std::unique_ptr<Kernel> PrepareMaxPool2dBackward(const OpContext& context) {
  const auto& attrs = std::get<MaxPool2dBackwardAttrs>(context.node.attrs);
  const Shape& in = context.input(0).type.shape;
  const Shape& out = context.input(1).type.shape;
  const MaxPoolBackward pooling{{in[1], out[1], attrs.ksize[0], attrs.strides[0], attrs.pads[0]},
                                {in[2], out[2], attrs.ksize[1], attrs.strides[1], attrs.pads[2]},
                                in[3]};
  const int64_t blocks = (in[3] + kPoolChannels - 1) / kPoolChannels;
  return cpu::KernelOf("loop", [=, batch = in[0]](ParallelFor& pool, const Bindings& b) {
    const float* x = cpu::In<float>(b, 0);
    const float* dy = cpu::In<float>(b, 1);
    float* dx = cpu::Out<float>(b, 0);
    const int64_t image = pooling.y.in * pooling.x.in * pooling.channels;
    const int64_t result = pooling.y.out * pooling.x.out * pooling.channels;
    cpu::ForRange(pool, batch * blocks, 1, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        const int64_t n = i / blocks;
        const int64_t first = i % blocks * kPoolChannels;
        pooling.Run(x + n * image + first, dy + n * result + first, dx + n * image + first,
                    std::min(kPoolChannels, pooling.channels - first));
      }
    });
  });
}

}  // namespace

constexpr OpEntry kMaxPool2dBackward{.prepare = PrepareMaxPool2dBackward};

}  // namespace slimnet::onednn
