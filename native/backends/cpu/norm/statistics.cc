#include "backends/cpu/norm/statistics.h"

#include <cmath>

namespace slimnet::cpu::norm {
namespace {

constexpr int64_t kShiftRows = 8;  // rows whose mean is taken off all others

// Of `rows` rows, at least one: the mean, and the sum of the squared differences from it.
template <class T>
SLIMNET_INLINE void SumStrip(const T* x, int64_t rows, int64_t pitch, int64_t width, double* mean, double* squares) {
  float shift[kStrip];
  double sum[kStrip];
  double sum_of_squares[kStrip];
  float some[kStrip];
  float some_squares[kStrip];
  for (int64_t c = 0; c < width; ++c) {
    shift[c] = 0;
    sum[c] = 0;
    sum_of_squares[c] = 0;
  }
  const int64_t first = std::min(rows, kShiftRows);
  for (int64_t r = 0; r < first; ++r) {
    for (int64_t c = 0; c < width; ++c) shift[c] += Read(x[r * pitch + c]);
  }
  const float share = 1.0F / static_cast<float>(first);
  for (int64_t c = 0; c < width; ++c) shift[c] *= share;

  for (int64_t r = 0; r < rows;) {
    const int64_t end = std::min(rows, r + kRowsInFloat);
    for (int64_t c = 0; c < width; ++c) some[c] = some_squares[c] = 0;
    for (; r + 4 <= end; r += 4) {
      const T* a = x + r * pitch;
      for (int64_t c = 0; c < width; ++c) {
        const float d0 = Read(a[c]) - shift[c];
        const float d1 = Read(a[pitch + c]) - shift[c];
        const float d2 = Read(a[2 * pitch + c]) - shift[c];
        const float d3 = Read(a[3 * pitch + c]) - shift[c];
        some[c] += (d0 + d1) + (d2 + d3);
        some_squares[c] += (d0 * d0 + d1 * d1) + (d2 * d2 + d3 * d3);
      }
    }
    for (; r < end; ++r) {
      for (int64_t c = 0; c < width; ++c) {
        const float d = Read(x[r * pitch + c]) - shift[c];
        some[c] += d;
        some_squares[c] += d * d;
      }
    }
    for (int64_t c = 0; c < width; ++c) {
      sum[c] += some[c];
      sum_of_squares[c] += some_squares[c];
    }
  }
  const auto count = static_cast<double>(rows);
  for (int64_t c = 0; c < width; ++c) {
    const double from_shift = sum[c] / count;
    const double difference = sum_of_squares[c] - sum[c] * from_shift;
    mean[c] = shift[c] + from_shift;
    squares[c] = difference < 0 ? 0 : difference;  // NaN stays NaN
  }
}

// Puts the parts together (Chan, Golub and LeVeque, "Updating formulae and a pairwise algorithm", 1979).
void Join(const Shape& shape, double correction, const double* parts, float* mean, float* variance, int64_t first,
          int64_t width) {
  double means[kStrip];
  double squares[kStrip];
  for (int64_t c = 0; c < width; ++c) means[c] = squares[c] = 0;
  const auto rows = static_cast<double>(shape.rows);
  const auto each_part = [&](const auto& body) {
    for (int64_t part = 0; part < kParts; ++part) {
      const auto count = static_cast<double>(shape.End(part) - shape.Begin(part));
      if (count > 0) body(count, parts + 2 * part * shape.channels + first);
    }
  };
  each_part([&](double count, const double* of_part) {
    for (int64_t c = 0; c < width; ++c) means[c] += count * of_part[c];
  });
  for (int64_t c = 0; c < width; ++c) means[c] /= rows;
  each_part([&](double count, const double* of_part) {
    for (int64_t c = 0; c < width; ++c) {
      const double apart = of_part[c] - means[c];
      squares[c] += of_part[shape.channels + c] + count * apart * apart;
    }
  });
  for (int64_t c = 0; c < width; ++c) {
    mean[first + c] = static_cast<float>(means[c]);
    variance[first + c] = static_cast<float>(squares[c] / rows * correction);
  }
}

template <class T>
void StatisticsOf(ParallelFor& pool, const Shape& shape, const T* x, double correction, double* scratch, float* mean,
                  float* variance) {
  ForParts(pool, shape, [=](int64_t part, int64_t first, int64_t width) {
    const int64_t begin = shape.Begin(part);
    const int64_t rows = shape.End(part) - begin;
    if (rows == 0) return;
    double* of_part = scratch + 2 * part * shape.channels + first;
    const T* from = x + begin * shape.channels + first;
    WithBestIsa([=, pitch = shape.channels]()
                    SLIMNET_INLINE_BODY { SumStrip(from, rows, pitch, width, of_part, of_part + pitch); });
  });
  for (int64_t first = 0; first < shape.channels; first += kStrip) {
    Join(shape, correction, scratch, mean, variance, first, std::min(kStrip, shape.channels - first));
  }
}

}  // namespace

float FactorOf(float scale, float variance, double biased, double epsilon) {
  return static_cast<float>(scale / std::sqrt(variance * biased + epsilon));
}

size_t StatisticsBytes(const Shape& shape) { return static_cast<size_t>(2 * kParts * shape.channels) * sizeof(double); }

void Statistics(ParallelFor& pool, const Shape& shape, const float* x, double correction, double* scratch, float* mean,
                float* variance) {
  StatisticsOf(pool, shape, x, correction, scratch, mean, variance);
}

void Statistics(ParallelFor& pool, const Shape& shape, const BFloat16* x, double correction, double* scratch,
                float* mean, float* variance) {
  StatisticsOf(pool, shape, x, correction, scratch, mean, variance);
}

}  // namespace slimnet::cpu::norm
