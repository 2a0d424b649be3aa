// Largest value of each window, as a loop of our own: oneDNN's pooling loses NaN, and gives the lowest finite number
// for a window of minus infinities.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <limits>

#include "backends/cpu/dispatch.h"
#include "backends/cpu/encoded.h"
#include "backends/cpu/kernel_of.h"
#include "backends/cpu/low_precision_max.h"
#include "backends/cpu/via_float32.h"
#include "backends/onednn/ops.h"

namespace slimnet::onednn {
namespace {

// Channels whose maxima are held in registers while a window is walked.
constexpr size_t kBlock = 16;

// Pixels of the image that a window covers along one axis.
struct Span {
  int64_t first, count;
};

struct Pooling {
  int64_t batch, height, width, channels, out_height, out_width;
  std::array<int64_t, 2> ksize, strides;
  int64_t top, left;

  Span Rows(int64_t out) const { return Inside(out * strides[0] - top, ksize[0], height); }
  Span Columns(int64_t out) const { return Inside(out * strides[1] - left, ksize[1], width); }

 private:
  static Span Inside(int64_t first, int64_t count, int64_t size) {
    const int64_t begin = std::max<int64_t>(first, 0);
    return {begin, std::min(first + count, size) - begin};
  }
};

// Four channels: a vector of GCC and clang, the size that every target has registers for.
typedef float Floats __attribute__((vector_size(16)));
typedef int32_t Bits __attribute__((vector_size(16)));

// The maxima so far. A NaN is noted beside the comparison, which alone would lose it.
struct Maxima {
  Floats best = Floats{} - std::numeric_limits<float>::infinity();
  Bits has_nan{};

  void Take(const float* from) {
    Floats values;
    std::memcpy(&values, from, sizeof values);
    best = values > best ? values : best;
    has_nan |= values != values;
  }
  void Store(float* to) const {
    const Floats result = has_nan ? Floats{} + std::numeric_limits<float>::quiet_NaN() : best;
    std::memcpy(to, &result, sizeof result);
  }
};

// Maxima of kBlock neighbouring channels. Named one by one: as an array they would live in memory.
void PoolBlock(const Pooling& p, const float* window, int64_t rows, int64_t columns, float* y) {
  static_assert(kBlock == 16);
  Maxima a, b, c, d;
  for (int64_t row = 0; row < rows; ++row) {
    const float* pixel = window + row * p.width * p.channels;
    for (int64_t column = 0; column < columns; ++column, pixel += p.channels) {
      a.Take(pixel);
      b.Take(pixel + 4);
      c.Take(pixel + 8);
      d.Take(pixel + 12);
    }
  }
  a.Store(y);
  b.Store(y + 4);
  c.Store(y + 8);
  d.Store(y + 12);
}

// The same for one channel.
float PoolOne(const Pooling& p, const float* window, int64_t rows, int64_t columns) {
  float best = -std::numeric_limits<float>::infinity();
  for (int64_t row = 0; row < rows; ++row) {
    const float* pixel = window + row * p.width * p.channels;
    for (int64_t column = 0; column < columns; ++column, pixel += p.channels) {
      if (std::isnan(*pixel)) return *pixel;
      best = std::max(best, *pixel);
    }
  }
  return best;
}

void PoolWindow(const Pooling& p, const float* window, int64_t rows, int64_t columns, float* y) {
  if (rows == 1 && columns == 1) {
    std::memcpy(y, window, static_cast<size_t>(p.channels) * sizeof(float));
    return;
  }
  int64_t c = 0;
  for (; c + static_cast<int64_t>(kBlock) <= p.channels; c += kBlock) {
    PoolBlock(p, window + c, rows, columns, y + c);
  }
  for (; c < p.channels; ++c) y[c] = PoolOne(p, window + c, rows, columns);
}

// The same for values that are stored in low precision.
template <class T>
void PoolWindow(const Pooling& p, const T* window, int64_t rows, int64_t columns, T* y) {
  if (rows == 1 && columns == 1) {
    std::memcpy(y, window, static_cast<size_t>(p.channels) * sizeof(T));
    return;
  }
  cpu::LargestOf({rows, columns, p.width * p.channels, p.channels, p.channels}, window, y);
}

// One row of the result.
template <class T>
void PoolRow(const Pooling& p, const T* image, int64_t out_row, T* y) {
  const Span rows = p.Rows(out_row);
  for (int64_t out = 0; out < p.out_width; ++out, y += p.channels) {
    const Span columns = p.Columns(out);
    PoolWindow(p, image + (rows.first * p.width + columns.first) * p.channels, rows.count, columns.count, y);
  }
}

std::unique_ptr<Kernel> PrepareMaxPool2d(const OpContext& context) {
  const auto& attrs = std::get<MaxPool2dAttrs>(context.node.attrs);
  const Shape& x = context.input(0).type.shape;
  const Shape& y = context.output(0).type.shape;
  const Pooling p{.batch = x[0],
                  .height = x[1],
                  .width = x[2],
                  .channels = x[3],
                  .out_height = y[1],
                  .out_width = y[2],
                  .ksize = attrs.ksize,
                  .strides = attrs.strides,
                  .top = attrs.pads[0],
                  .left = attrs.pads[2]};
  if (context.input(0).encoding != context.output(0).encoding) {
    return cpu::ViaFloat32(
        context, [&](const NodeContext& plain) { return PrepareMaxPool2d(OpContext{plain, context.engine}); });
  }
  return cpu::ForCode(context.input(0), [&](auto code) {
    using T = typename decltype(code)::Stored;
    return cpu::KernelOf("loop", [p](ParallelFor& pool, const Bindings& b) {
      const T* from = cpu::In<T>(b, 0);
      T* to = cpu::Out<T>(b, 0);
      const int64_t row = p.out_width * p.channels;
      cpu::ForRange(pool, p.batch * p.out_height, cpu::RowGrain(row * p.ksize[0] * p.ksize[1]),
                    [&](int64_t begin, int64_t end) {
                      for (int64_t i = begin; i < end; ++i) {
                        const T* image = from + i / p.out_height * p.height * p.width * p.channels;
                        PoolRow(p, image, i % p.out_height, to + i * row);
                      }
                    });
    });
  });
}

}  // namespace

constexpr OpEntry kMaxPool2d{.reads_low_precision = true, .prepare = PrepareMaxPool2d};

}  // namespace slimnet::onednn
