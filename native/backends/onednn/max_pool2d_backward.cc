// Each gradient to the largest value of its window, as a loop of our own, which knows NaN as the way there does.
#include <algorithm>

#include "backends/cpu/best_isa.h"
#include "backends/cpu/dispatch.h"
#include "backends/cpu/encoded.h"
#include "backends/cpu/kernel_of.h"
#include "backends/cpu/norm/rows.h"
#include "backends/onednn/ops.h"

namespace slimnet::onednn {
namespace {

constexpr int64_t kPoolChannels = 64;  // channels that are looked at together

// One dimension of the window.
struct WindowAxis {
  int64_t in, out, taps, stride, before;

  int64_t First(int64_t o) const { return o * stride < before ? 0 : o * stride - before; }
  int64_t End(int64_t o) const { return o * stride - before + taps < in ? o * stride - before + taps : in; }
};

struct MaxPoolBackward {
  WindowAxis y, x;
  int64_t channels;

  // Channels [0, width) of one image, which begins at the first of them. A window is gone over twice: for its largest
  // values, and for the first places where they are.
  template <class From, class To>
  SLIMNET_INLINE void Run(const From* image, const From* dy, To* dx, int64_t width) const {
    float sums[kPoolChannels];
    float largest[kPoolChannels];
    float left[kPoolChannels];  // what has found no place yet
    for (int64_t pixel = 0; pixel < y.in * x.in; ++pixel) {
      for (int64_t c = 0; c < width; ++c) cpu::norm::Write(dx[pixel * channels + c], 0);
    }
    for (int64_t oy = 0; oy < y.out; ++oy) {
      for (int64_t ox = 0; ox < x.out; ++ox, dy += channels) {
        for (int64_t c = 0; c < width; ++c) left[c] = cpu::norm::Read(dy[c]);
        for (int64_t c = 0; c < width; ++c) {
          largest[c] = cpu::norm::Read(image[(y.First(oy) * x.in + x.First(ox)) * channels + c]);
        }
        const auto each = [&](const auto& body) SLIMNET_INLINE_BODY {
          for (int64_t iy = y.First(oy); iy < y.End(oy); ++iy) {
            for (int64_t ix = x.First(ox); ix < x.End(ox); ++ix) body((iy * x.in + ix) * channels);
          }
        };
        // A NaN is larger than what is none, and nothing is larger than a NaN.
        each([&](int64_t at) SLIMNET_INLINE_BODY {
          for (int64_t c = 0; c < width; ++c) {
            const float value = cpu::norm::Read(image[at + c]);
            const bool larger = (value > largest[c]) | (value != value);
            largest[c] = larger ? value : largest[c];
          }
        });
        each([&](int64_t at) SLIMNET_INLINE_BODY {
          for (int64_t c = 0; c < width; ++c) sums[c] = cpu::norm::Read(dx[at + c]);
          for (int64_t c = 0; c < width; ++c) {
            const float value = cpu::norm::Read(image[at + c]);
            const bool wins = (value == largest[c]) | ((value != value) & (largest[c] != largest[c]));
            sums[c] += wins ? left[c] : 0.0F;
            left[c] = wins ? 0.0F : left[c];
          }
          for (int64_t c = 0; c < width; ++c) cpu::norm::Write(dx[at + c], sums[c]);
        });
      }
    }
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
  return cpu::ForStoredFloat(context.input(0), [&](auto from) {
    return cpu::ForStoredFloat(context.output(0), [&](auto to) {
      using From = decltype(from);
      using To = decltype(to);
      return cpu::KernelOf("loop", [=, batch = in[0]](ParallelFor& pool, const Bindings& b) {
        const From* x = cpu::In<From>(b, 0);
        const From* dy = cpu::In<From>(b, 1);
        To* dx = cpu::Out<To>(b, 0);
        const int64_t image = pooling.y.in * pooling.x.in * pooling.channels;
        const int64_t result = pooling.y.out * pooling.x.out * pooling.channels;
        cpu::ForRange(pool, batch * blocks, 1, [&](int64_t begin, int64_t end) {
          for (int64_t i = begin; i < end; ++i) {
            const int64_t n = i / blocks;
            const int64_t first = i % blocks * kPoolChannels;
            const int64_t width = std::min(kPoolChannels, pooling.channels - first);
            cpu::WithBestIsa([=]() SLIMNET_INLINE_BODY {
              pooling.Run(x + n * image + first, dy + n * result + first, dx + n * image + first, width);
            });
          }
        });
      });
    });
  });
}

}  // namespace

constexpr OpEntry kMaxPool2dBackward{
    .reads_low_precision = true, .supports = cpu::NoIntegers, .prepare = PrepareMaxPool2dBackward};

}  // namespace slimnet::onednn
