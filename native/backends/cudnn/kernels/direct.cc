#include "backends/cudnn/kernels/direct.h"

namespace slimnet::cudnn {
namespace {

SLIMNET_BODY double Product(float a, float b) { return static_cast<double>(a) * static_cast<double>(b); }

struct BackwardDataBody {
  PixelWindow window;
  int64_t filters;
  PixelSplit split;
  FloatView filter, dy, dx;

  SLIMNET_BODY void operator()(int64_t i) const {
    const PixelSplit::At at = split(i);
    double sum = 0;
    for (int64_t ky = 0; ky < window.y.taps; ++ky) {
      const int64_t oy = window.y.From(at.y, ky);
      for (int64_t kx = 0; oy >= 0 && kx < window.x.taps; ++kx) {
        const int64_t ox = window.x.From(at.x, kx);
        if (ox < 0) continue;
        const int64_t gradient = ((at.image * window.y.out + oy) * window.x.out + ox) * filters;
        const int64_t weight = ((ky * window.x.taps + kx) * window.channels + at.channel) * filters;
        for (int64_t o = 0; o < filters; ++o) sum += Product(dy.Load(gradient + o), filter.Load(weight + o));
      }
    }
    dx.Store(i, static_cast<float>(sum));
  }
};

struct BackwardFilterBody {
  PixelWindow window;
  int64_t filters;
  PixelSplit split;  // of the filter: taps down, across, channels, with filters outermost taken off first
  Divider of_filters;
  FloatView x, dy, dfilter;

  SLIMNET_BODY void operator()(int64_t i) const {
    int64_t o = i;
    const PixelSplit::At at = split(of_filters.Split(o));
    double sum = 0;
    for (int64_t n = 0; n < window.images; ++n) {
      for (int64_t oy = 0; oy < window.y.out; ++oy) {
        const int64_t iy = window.y.At(oy, at.y);
        for (int64_t ox = 0; iy >= 0 && ox < window.x.out; ++ox) {
          const int64_t ix = window.x.At(ox, at.x);
          if (ix < 0) continue;
          const int64_t pixel = ((n * window.y.in + iy) * window.x.in + ix) * window.channels + at.channel;
          const int64_t gradient = ((n * window.y.out + oy) * window.x.out + ox) * filters + o;
          sum += Product(x.Load(pixel), dy.Load(gradient));
        }
      }
    }
    dfilter.Store(i, static_cast<float>(sum));
  }
};

}  // namespace

void DirectBackwardData(Queue& queue, const Convolution& c, const Floats& filter, const Floats& dy, const Floats& dx) {
  const PixelWindow& w = c.window;
  Each(queue, "DirectBackwardData", w.inputs(),
       BackwardDataBody{w, c.filters, PixelSplit(w.y.in, w.x.in, w.channels), FloatView(queue, filter),
                        FloatView(queue, dy), FloatView(queue, dx)});
}

void DirectBackwardFilter(Queue& queue, const Convolution& c, const Floats& x, const Floats& dy,
                          const Floats& dfilter) {
  const PixelWindow& w = c.window;
  if (c.filters == 0) return;
  Each(queue, "DirectBackwardFilter", w.y.taps * w.x.taps * w.channels * c.filters,
       BackwardFilterBody{w, c.filters, PixelSplit(w.y.taps, w.x.taps, w.channels), Divider(c.filters),
                          FloatView(queue, x), FloatView(queue, dy), FloatView(queue, dfilter)});
}

}  // namespace slimnet::cudnn
