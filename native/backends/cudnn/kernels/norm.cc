#include "backends/cudnn/kernels/norm.h"

#include <cmath>

#include "backends/cudnn/kernels/reduce_body.h"

namespace slimnet::cudnn {
namespace {

// One expression wherever it stands: the way back must see the same sign as the way there.
SLIMNET_BODY float Normalized(float x, float mean, float factor, float offset) { return (x - mean) * factor + offset; }

// `biased`: what the variance that was given out is multiplied with to be the biased one.
SLIMNET_BODY float FactorOf(float scale, float variance, double biased, double epsilon) {
  return static_cast<float>(static_cast<double>(scale) / sqrt(static_cast<double>(variance) * biased + epsilon));
}

double BiasedOf(const NormShape& shape) {
  const auto m = static_cast<double>(shape.rows);
  return shape.bessel ? std::max(m - 1, 1.0) / m : 1;
}

// float32 by channel.
class ChannelView {
 public:
  ChannelView(Queue& queue, DevicePtr data) : view_(queue, Floats{data}) {}
  bool aligned() const { return view_.aligned(); }
  SLIMNET_BODY float At(int64_t channel) const { return view_.Load(channel); }
  SLIMNET_BODY void Octet(int64_t channel, float* x) const { view_.LoadOctet(channel, x); }

 private:
  FloatView view_;
};

struct FactorBody {
  const float* scale;
  const float* variance;
  float* factor;
  double biased, epsilon;
  SLIMNET_BODY void operator()(int64_t c) const { factor[c] = FactorOf(scale[c], variance[c], biased, epsilon); }
};

struct NormalizeBody {
  FloatView x;
  FloatView y;
  Tail tail;
  Divider channels;
  ChannelView mean, factor, offset;

  bool by_octets() const {
    return channels.divisor % kOctet == 0 && x.aligned() && y.aligned() && tail.by_octets() && mean.aligned() &&
           factor.aligned() && offset.aligned();
  }
  SLIMNET_BODY void One(int64_t i) const {
    int64_t c = i;
    channels.Split(c);
    y.Store(i, tail.Apply(i, Normalized(x.Load(i), mean.At(c), factor.At(c), offset.At(c))));
  }
  SLIMNET_BODY void Octet(int64_t i) const {
    int64_t c = i;
    channels.Split(c);
    float value[kOctet], m[kOctet], f[kOctet], o[kOctet];
    x.LoadOctet(i, value);
    mean.Octet(c, m);
    factor.Octet(c, f);
    offset.Octet(c, o);
    SLIMNET_UNROLL
    for (int k = 0; k < kOctet; ++k) value[k] = Normalized(value[k], m[k], f[k], o[k]);
    tail.ApplyOctet(i, value);
    y.StoreOctet(i, value);
  }
};

// Sums of differences from the first row, and of their squares: a mean far from 0 costs no digits.
struct StatisticsTerm {
  static constexpr int kSums = 2;
  FloatView x;

  // A NaN or an infinity there is for the sums to find.
  SLIMNET_BODY double Shift(int64_t channel) const {
    const float first = x.Load(channel);
    return first - first == 0 ? static_cast<double>(first) : 0.0;
  }
  SLIMNET_BODY void operator()(int64_t i, int64_t channel, double* sums) const {
    const double difference = static_cast<double>(x.Load(i)) - Shift(channel);
    sums[0] += difference;
    sums[1] += difference * difference;
  }
};

struct StatisticsFinish {
  StatisticsTerm term;
  NormShape shape;
  double biased;
  const float* scale;
  float* mean;
  float* variance;
  float* factor;

  SLIMNET_BODY void operator()(int64_t c, const double* sums) const {
    const auto m = static_cast<double>(shape.rows);
    const double from_shift = sums[0] / m;
    const double squares = sums[1] - sums[0] * from_shift;
    mean[c] = static_cast<float>((shape.rows == 0 ? 0.0 : term.Shift(c)) + from_shift);
    variance[c] = static_cast<float>((squares < 0 ? 0 : squares) / m / biased);  // NaN stays NaN
    factor[c] = FactorOf(scale[c], variance[c], biased, shape.epsilon);
  }
};

// The gradient that came through the rectifier.
struct MaskedGradient {
  FloatView x;
  FloatView dy;
  ChannelView mean, factor, offset;
  NormMask mask;

  SLIMNET_BODY float Of(float value, float gradient, float m, float f, float o) const {
    if (!mask.on) return gradient;
    const float y = Normalized(value, m, f, o);
    return y > 0 && !(y >= mask.limit) ? gradient : 0;
  }
};

struct BackwardTerm {
  static constexpr int kSums = 2;
  MaskedGradient gradient;
  SLIMNET_BODY void operator()(int64_t i, int64_t c, double* sums) const {
    const float value = gradient.x.Load(i);
    const float mean = gradient.mean.At(c);
    const auto g = static_cast<double>(gradient.Of(value, gradient.dy.Load(i), mean, gradient.factor.At(c),
                                                   gradient.mask.on ? gradient.offset.At(c) : 0));
    sums[0] += g;
    sums[1] += g * (static_cast<double>(value) - static_cast<double>(mean));
  }
};

// dx = factor (dy - shift - slope (x - mean)).
struct BackwardFinish {
  double rows, biased, epsilon;
  const float* variance;
  float* dscale;
  float* doffset;
  float* shift;
  float* slope;

  SLIMNET_BODY void operator()(int64_t c, const double* sums) const {
    const double inverse = 1 / sqrt(static_cast<double>(variance[c]) * biased + epsilon);
    doffset[c] = static_cast<float>(sums[0]);
    dscale[c] = static_cast<float>(sums[1] * inverse);
    shift[c] = static_cast<float>(sums[0] / rows);
    slope[c] = static_cast<float>(sums[1] * inverse * inverse / rows);
  }
};

struct BackwardBody {
  MaskedGradient gradient;
  ChannelView shift, slope;
  FloatView dx;
  Tail tail;
  Divider channels;

  bool by_octets() const {
    return channels.divisor % kOctet == 0 && gradient.x.aligned() && gradient.dy.aligned() && dx.aligned() &&
           tail.by_octets() && gradient.mean.aligned() && gradient.factor.aligned() &&
           (!gradient.mask.on || gradient.offset.aligned()) && shift.aligned() && slope.aligned();
  }
  SLIMNET_BODY static float Slope(float g, float x, float mean, float factor, float shift, float slope) {
    return factor * (g - shift - slope * (x - mean));
  }
  SLIMNET_BODY void One(int64_t i) const {
    int64_t c = i;
    channels.Split(c);
    const float x = gradient.x.Load(i);
    const float mean = gradient.mean.At(c);
    const float factor = gradient.factor.At(c);
    const float g = gradient.Of(x, gradient.dy.Load(i), mean, factor, gradient.mask.on ? gradient.offset.At(c) : 0);
    dx.Store(i, tail.Apply(i, Slope(g, x, mean, factor, shift.At(c), slope.At(c))));
  }
  SLIMNET_BODY void Octet(int64_t i) const {
    int64_t c = i;
    channels.Split(c);
    float x[kOctet], g[kOctet], mean[kOctet], factor[kOctet], offset[kOctet] = {}, down[kOctet], along[kOctet];
    gradient.x.LoadOctet(i, x);
    gradient.dy.LoadOctet(i, g);
    gradient.mean.Octet(c, mean);
    gradient.factor.Octet(c, factor);
    if (gradient.mask.on) gradient.offset.Octet(c, offset);
    shift.Octet(c, down);
    slope.Octet(c, along);
    SLIMNET_UNROLL
    for (int k = 0; k < kOctet; ++k) {
      const float masked = gradient.Of(x[k], g[k], mean[k], factor[k], offset[k]);
      g[k] = Slope(masked, x[k], mean[k], factor[k], down[k], along[k]);
    }
    tail.ApplyOctet(i, g);
    dx.StoreOctet(i, g);
  }
};

// Scratch memory: some numbers for each channel, then that of the sums.
size_t ChannelBytes(const NormShape& shape) {
  return (static_cast<size_t>(shape.channels) * sizeof(float) + 63) / 64 * 64;
}

Reduction RowsOf(const NormShape& shape) { return Reduction::OverRows(shape.rows, shape.channels); }

void Normalize(Queue& queue, const NormShape& shape, const Floats& x, const NormParameters& p, DevicePtr factor,
               const Floats& y, std::span<const TailOp> ops) {
  const NormalizeBody body{FloatView(queue, x),
                           FloatView(queue, y),
                           Tail(queue, ops),
                           Divider(std::max<int64_t>(shape.channels, 1)),
                           ChannelView(queue, p.mean),
                           ChannelView(queue, factor),
                           ChannelView(queue, p.offset)};
  EachOctet(queue, "Normalize", shape.rows * shape.channels, body.by_octets(), body);
}

void Factors(Queue& queue, const NormShape& shape, const NormParameters& p, double biased, DevicePtr factor) {
  Each(queue, "NormFactors", shape.channels,
       FactorBody{queue.At<float>(p.scale), queue.At<float>(p.variance), queue.At<float>(factor), biased,
                  shape.epsilon});
}

}  // namespace

size_t NormInferenceScratchBytes(const NormShape& shape) { return ChannelBytes(shape); }

void NormInference(Queue& queue, const NormShape& shape, const Floats& x, const NormParameters& parameters,
                   const Floats& y, std::span<const TailOp> ops, DevicePtr scratch) {
  Factors(queue, shape, parameters, 1, scratch);
  Normalize(queue, shape, x, parameters, scratch, y, ops);
}

size_t NormTrainingScratchBytes(const NormShape& shape) {
  return ChannelBytes(shape) + RowsOf(shape).scratch_bytes(StatisticsTerm::kSums);
}

void NormTraining(Queue& queue, const NormShape& shape, const Floats& x, const NormParameters& p, const Floats& y,
                  std::span<const TailOp> ops, DevicePtr scratch) {
  const StatisticsTerm term{FloatView(queue, x)};
  ReduceTerms(queue, "NormStatistics", RowsOf(shape), term,
              StatisticsFinish{term, shape, BiasedOf(shape), queue.At<float>(p.scale), queue.At<float>(p.mean),
                               queue.At<float>(p.variance), queue.At<float>(scratch)},
              scratch + ChannelBytes(shape));
  Normalize(queue, shape, x, p, scratch, y, ops);
}

size_t NormBackwardScratchBytes(const NormShape& shape) {
  return 3 * ChannelBytes(shape) + RowsOf(shape).scratch_bytes(BackwardTerm::kSums);
}

void NormBackward(Queue& queue, const NormShape& shape, const Floats& x, const Floats& dy, const NormParameters& p,
                  NormMask mask, const Floats& dx, DevicePtr dscale, DevicePtr doffset, std::span<const TailOp> ops,
                  DevicePtr scratch) {
  const DevicePtr factor = scratch;
  const DevicePtr shift = factor + ChannelBytes(shape);
  const DevicePtr slope = shift + ChannelBytes(shape);
  const double biased = BiasedOf(shape);
  Factors(queue, shape, p, biased, factor);
  const MaskedGradient gradient{FloatView(queue, x),        FloatView(queue, dy),         ChannelView(queue, p.mean),
                                ChannelView(queue, factor), ChannelView(queue, p.offset), mask};
  ReduceTerms(
      queue, "NormBackwardSums", RowsOf(shape), BackwardTerm{gradient},
      BackwardFinish{static_cast<double>(shape.rows), biased, shape.epsilon, queue.At<float>(p.variance),
                     queue.At<float>(dscale), queue.At<float>(doffset), queue.At<float>(shift), queue.At<float>(slope)},
      slope + ChannelBytes(shape));
  const BackwardBody body{gradient,
                          ChannelView(queue, shift),
                          ChannelView(queue, slope),
                          FloatView(queue, dx),
                          Tail(queue, ops),
                          Divider(std::max<int64_t>(shape.channels, 1))};
  EachOctet(queue, "NormBackward", shape.rows * shape.channels, body.by_octets(), body);
}

}  // namespace slimnet::cudnn
