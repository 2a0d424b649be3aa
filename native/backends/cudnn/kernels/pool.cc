#include "backends/cudnn/kernels/pool.h"

#include <cmath>

#include "backends/cudnn/kernels/operand.h"

namespace slimnet::cudnn {
namespace {

// Pixels are read channel by channel, or eight at a time.
template <int kWidth>
SLIMNET_BODY void LoadSome(const FloatView& view, int64_t i, float* x) {
  if constexpr (kWidth == 1) {
    x[0] = view.Load(i);
  } else {
    view.LoadOctet(i, x);
  }
}
template <int kWidth>
SLIMNET_BODY void StoreSome(const FloatView& view, int64_t i, const float* x) {
  if constexpr (kWidth == 1) {
    view.Store(i, x[0]);
  } else {
    view.StoreOctet(i, x);
  }
}

// visit(pixel of the image) for the taps inside, in row-major order.
template <class Visit>
SLIMNET_BODY void ForEachTap(const PixelWindow& window, int64_t oy, int64_t ox, const Visit& visit) {
  for (int64_t ky = 0; ky < window.y.taps; ++ky) {
    const int64_t iy = window.y.At(oy, ky);
    for (int64_t kx = 0; iy >= 0 && kx < window.x.taps; ++kx) {
      const int64_t ix = window.x.At(ox, kx);
      if (ix >= 0) visit(iy * window.x.in + ix);
    }
  }
}

// visit(oy, ox, element of the output) for the windows that cover a pixel of the image.
template <class Visit>
SLIMNET_BODY void ForEachWindowOver(const PixelWindow& window, const PixelSplit::At& at, const Visit& visit) {
  for (int64_t oy = window.y.FirstOver(at.y); oy < window.y.EndOver(at.y); ++oy) {
    for (int64_t ox = window.x.FirstOver(at.x); ox < window.x.EndOver(at.x); ++ox) {
      visit(oy, ox, ((at.image * window.y.out + oy) * window.x.out + ox) * window.channels + at.channel);
    }
  }
}

// Taps of an output that lie inside the image: what a mean is of.
SLIMNET_BODY double TapsInside(const PixelWindow& window, int64_t oy, int64_t ox) {
  return static_cast<double>(window.y.Inside(oy) * window.x.Inside(ox));
}

// Sums are made in float64.
template <int kWidth>
SLIMNET_BODY void StoreSums(const FloatView& view, int64_t i, const double* sums) {
  float rounded[kWidth];
  SLIMNET_UNROLL
  for (int k = 0; k < kWidth; ++k) rounded[k] = static_cast<float>(sums[k]);
  StoreSome<kWidth>(view, i, rounded);
}

// What the forms of all bodies here share: body.Some<kWidth>(element).
template <class Body>
struct BySome {
  Body body;
  SLIMNET_BODY void One(int64_t i) const { body.template Some<1>(i); }
  SLIMNET_BODY void Octet(int64_t i) const { body.template Some<kOctet>(i); }
};

template <class Body>
void EachPixel(Queue& queue, const char* name, const PixelWindow& window, int64_t count, bool aligned,
               const Body& body) {
  EachOctet(queue, name, count, aligned && window.channels % kOctet == 0, BySome<Body>{body});
}

struct MaxBody {
  PixelWindow window;
  PixelSplit split;
  FloatView x;
  FloatView y;

  template <int kWidth>
  SLIMNET_BODY void Some(int64_t i) const {
    const PixelSplit::At at = split(i);
    const int64_t image = at.image * window.y.in * window.x.in;
    float best[kWidth];
    SLIMNET_UNROLL
    for (int k = 0; k < kWidth; ++k) best[k] = -INFINITY;
    ForEachTap(window, at.y, at.x, [&](int64_t pixel) {
      float value[kWidth];
      LoadSome<kWidth>(x, (image + pixel) * window.channels + at.channel, value);
      SLIMNET_UNROLL
      for (int k = 0; k < kWidth; ++k) best[k] = value[k] > best[k] || value[k] != value[k] ? value[k] : best[k];
    });
    StoreSome<kWidth>(y, i, best);
  }
};

struct AvgBody {
  PixelWindow window;
  PixelSplit split;
  FloatView x;
  FloatView y;

  template <int kWidth>
  SLIMNET_BODY void Some(int64_t i) const {
    const PixelSplit::At at = split(i);
    const int64_t image = at.image * window.y.in * window.x.in;
    double sum[kWidth] = {};
    ForEachTap(window, at.y, at.x, [&](int64_t pixel) {
      float value[kWidth];
      LoadSome<kWidth>(x, (image + pixel) * window.channels + at.channel, value);
      SLIMNET_UNROLL
      for (int k = 0; k < kWidth; ++k) sum[k] += static_cast<double>(value[k]);
    });
    const double taps = TapsInside(window, at.y, at.x);
    SLIMNET_UNROLL
    for (int k = 0; k < kWidth; ++k) sum[k] /= taps;
    StoreSums<kWidth>(y, i, sum);
  }
};

// Which pixel of the image each output is the value of.
struct WinnerBody {
  PixelWindow window;
  PixelSplit split;
  FloatView x;
  int32_t* winner;

  template <int kWidth>
  SLIMNET_BODY void Some(int64_t i) const {
    const PixelSplit::At at = split(i);
    const int64_t image = at.image * window.y.in * window.x.in;
    float best[kWidth] = {};
    int32_t index[kWidth];
    SLIMNET_UNROLL
    for (int k = 0; k < kWidth; ++k) index[k] = -1;
    ForEachTap(window, at.y, at.x, [&](int64_t pixel) {
      float value[kWidth];
      LoadSome<kWidth>(x, (image + pixel) * window.channels + at.channel, value);
      SLIMNET_UNROLL
      for (int k = 0; k < kWidth; ++k) {
        const bool wins = value[k] > best[k] || (value[k] != value[k] && best[k] == best[k]);
        if (index[k] >= 0 && !wins) continue;
        best[k] = value[k];
        index[k] = static_cast<int32_t>(pixel);
      }
    });
    SLIMNET_UNROLL
    for (int k = 0; k < kWidth; ++k) winner[i + k] = index[k];
  }
};

struct MaxBackwardBody {
  PixelWindow window;
  PixelSplit split;
  const int32_t* winner;
  FloatView dy;
  FloatView dx;

  template <int kWidth>
  SLIMNET_BODY void Some(int64_t i) const {
    const PixelSplit::At at = split(i);
    const auto pixel = static_cast<int32_t>(at.y * window.x.in + at.x);
    double sum[kWidth] = {};
    ForEachWindowOver(window, at, [&](int64_t, int64_t, int64_t output) {
      float value[kWidth];
      LoadSome<kWidth>(dy, output, value);
      SLIMNET_UNROLL
      for (int k = 0; k < kWidth; ++k) sum[k] += winner[output + k] == pixel ? static_cast<double>(value[k]) : 0.0;
    });
    StoreSums<kWidth>(dx, i, sum);
  }
};

struct AvgBackwardBody {
  PixelWindow window;
  PixelSplit split;
  FloatView dy;
  FloatView dx;

  template <int kWidth>
  SLIMNET_BODY void Some(int64_t i) const {
    const PixelSplit::At at = split(i);
    double sum[kWidth] = {};
    ForEachWindowOver(window, at, [&](int64_t oy, int64_t ox, int64_t output) {
      const double share = 1 / TapsInside(window, oy, ox);
      float value[kWidth];
      LoadSome<kWidth>(dy, output, value);
      SLIMNET_UNROLL
      for (int k = 0; k < kWidth; ++k) sum[k] += share * static_cast<double>(value[k]);
    });
    StoreSums<kWidth>(dx, i, sum);
  }
};

PixelSplit OutputsOf(const PixelWindow& w) { return {w.y.out, w.x.out, w.channels}; }
PixelSplit InputsOf(const PixelWindow& w) { return {w.y.in, w.x.in, w.channels}; }

}  // namespace

void MaxPool(Queue& queue, const PixelWindow& window, const Floats& x, const Floats& y) {
  const MaxBody body{window, OutputsOf(window), FloatView(queue, x), FloatView(queue, y)};
  EachPixel(queue, "MaxPool", window, window.outputs(), body.x.aligned() && body.y.aligned(), body);
}

void AvgPool(Queue& queue, const PixelWindow& window, const Floats& x, const Floats& y) {
  const AvgBody body{window, OutputsOf(window), FloatView(queue, x), FloatView(queue, y)};
  EachPixel(queue, "AvgPool", window, window.outputs(), body.x.aligned() && body.y.aligned(), body);
}

size_t MaxPoolBackwardScratchBytes(const PixelWindow& window) {
  return static_cast<size_t>(window.outputs()) * sizeof(int32_t);
}

void MaxPoolBackward(Queue& queue, const PixelWindow& window, const Floats& x, const Floats& dy, const Floats& dx,
                     DevicePtr scratch) {
  auto* winner = queue.At<int32_t>(scratch);
  const WinnerBody find{window, OutputsOf(window), FloatView(queue, x), winner};
  EachPixel(queue, "MaxPoolWinner", window, window.outputs(), find.x.aligned(), find);
  const MaxBackwardBody body{window, InputsOf(window), winner, FloatView(queue, dy), FloatView(queue, dx)};
  EachPixel(queue, "MaxPoolBackward", window, window.inputs(), body.dy.aligned() && body.dx.aligned(), body);
}

void AvgPoolBackward(Queue& queue, const PixelWindow& window, const Floats& dy, const Floats& dx) {
  const AvgBackwardBody body{window, InputsOf(window), FloatView(queue, dy), FloatView(queue, dx)};
  EachPixel(queue, "AvgPoolBackward", window, window.inputs(), body.dy.aligned() && body.dx.aligned(), body);
}

}  // namespace slimnet::cudnn
