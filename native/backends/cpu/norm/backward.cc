#include "backends/cpu/norm/backward.h"

#include <type_traits>

#include "backends/cpu/dispatch.h"

namespace slimnet::cpu::norm {
namespace {

template <bool kMasked, class T>
SLIMNET_INLINE float Gradient(T x, T dy, float mean, float factor, float offset, float limit) {
  if constexpr (kMasked) {
    const float normalized = Normalized(Read(x), mean, factor, offset);
    return ((normalized > 0) & !(normalized >= limit)) ? Read(dy) : 0.0F;
  } else {
    return Read(dy);
  }
}

template <bool kMasked, class T>
SLIMNET_INLINE void SumStrip(const T* x, const T* dy, int64_t rows, int64_t pitch, int64_t width, Factors f,
                             float limit, double* sums, double* products) {
  float mean[kStrip];
  float factor[kStrip];
  float offset[kStrip];
  float some[kStrip];
  float some_products[kStrip];
  double sum[kStrip];
  double sum_of_products[kStrip];
  for (int64_t c = 0; c < width; ++c) {
    mean[c] = f.mean[c];
    factor[c] = kMasked ? f.factor[c] : 0;
    offset[c] = kMasked ? f.offset[c] : 0;
    sum[c] = 0;
    sum_of_products[c] = 0;
  }
  for (int64_t r = 0; r < rows;) {
    const int64_t end = std::min(rows, r + kRowsInFloat);
    for (int64_t c = 0; c < width; ++c) some[c] = some_products[c] = 0;
    for (; r + 2 <= end; r += 2) {
      const T* a = x + r * pitch;
      const T* g = dy + r * pitch;
      for (int64_t c = 0; c < width; ++c) {
        const float g0 = Gradient<kMasked>(a[c], g[c], mean[c], factor[c], offset[c], limit);
        const float g1 = Gradient<kMasked>(a[pitch + c], g[pitch + c], mean[c], factor[c], offset[c], limit);
        some[c] += g0 + g1;
        some_products[c] += g0 * (Read(a[c]) - mean[c]) + g1 * (Read(a[pitch + c]) - mean[c]);
      }
    }
    for (; r < end; ++r) {
      const T* a = x + r * pitch;
      for (int64_t c = 0; c < width; ++c) {
        const float g = Gradient<kMasked>(a[c], dy[r * pitch + c], mean[c], factor[c], offset[c], limit);
        some[c] += g;
        some_products[c] += g * (Read(a[c]) - mean[c]);
      }
    }
    for (int64_t c = 0; c < width; ++c) {
      sum[c] += some[c];
      sum_of_products[c] += some_products[c];
    }
  }
  for (int64_t c = 0; c < width; ++c) {
    sums[c] = sum[c];
    products[c] = sum_of_products[c];
  }
}

template <bool kMasked, class From, class To>
SLIMNET_INLINE void DataStrip(const From* x, const From* dy, Factors f, Slopes s, float limit, const To* added,
                              int64_t width, To* dx) {
  float values[kStrip];
  for (int64_t c = 0; c < width; ++c) {
    const float offset = kMasked ? f.offset[c] : 0;
    const float gradient = Gradient<kMasked>(x[c], dy[c], f.mean[c], f.factor[c], offset, limit);
    values[c] = f.factor[c] * (gradient - s.shift[c] - s.slope[c] * (Read(x[c]) - f.mean[c]));
  }
  if (added != nullptr) {
    for (int64_t c = 0; c < width; ++c) values[c] += Read(added[c]);
  }
  for (int64_t c = 0; c < width; ++c) Write(dx[c], values[c]);
}

// Calls body with whether there is a mask, known when it is compiled.
template <class Body>
void WithMask(const Mask& mask, const Body& body) {
  if (mask.on) {
    body(std::true_type{});
  } else {
    body(std::false_type{});
  }
}

}  // namespace

// The sums of all parts behind those of the whole.
size_t BackwardSumsBytes(const Shape& shape) {
  return static_cast<size_t>(2 * (kParts + 1) * shape.channels) * sizeof(double);
}

template <class T>
const double* BackwardSums(ParallelFor& pool, const Shape& shape, const T* x, const T* dy, const Factors& factors,
                           Mask mask, double* scratch) {
  const int64_t width_of_all = 2 * shape.channels;
  double* parts = scratch + width_of_all;
  WithMask(mask, [&](auto masked) {
    ForParts(pool, shape, [=, limit = mask.limit](int64_t part, int64_t first, int64_t width) {
      const int64_t begin = shape.Begin(part);
      const int64_t rows = shape.End(part) - begin;
      const int64_t at = begin * shape.channels + first;
      double* of_part = parts + part * width_of_all + first;
      WithBestIsa([=, pitch = shape.channels]() SLIMNET_INLINE_BODY {
        const Factors here{factors.mean + first, factors.factor + first, factors.offset + first};
        SumStrip<masked.value>(x + at, dy + at, rows, pitch, width, here, limit, of_part, of_part + pitch);
      });
    });
  });
  std::fill_n(scratch, width_of_all, 0.0);
  for (int64_t part = 0; part < kParts; ++part) {
    const double* of_part = parts + part * width_of_all;
    for (int64_t i = 0; i < width_of_all; ++i) scratch[i] += of_part[i];
  }
  return scratch;
}

template <class From, class To>
void BackwardData(ParallelFor& pool, const Shape& shape, const From* x, const From* dy, const Factors& factors,
                  const Slopes& slopes, Mask mask, const To* added, To* dx) {
  WithMask(mask, [&](auto masked) {
    const auto rows = [=, channels = shape.channels, limit = mask.limit](int64_t begin, int64_t end) {
      WithBestIsa([=]() SLIMNET_INLINE_BODY {
        for (int64_t row = begin; row < end; ++row) {
          for (int64_t first = 0; first < channels; first += kStrip) {
            const int64_t at = row * channels + first;
            const int64_t width = channels - first < kStrip ? channels - first : kStrip;
            const Factors here{factors.mean + first, factors.factor + first, factors.offset + first};
            DataStrip<masked.value>(x + at, dy + at, here, Slopes{slopes.shift + first, slopes.slope + first}, limit,
                                    added == nullptr ? nullptr : added + at, width, dx + at);
          }
        }
      });
    };
    ForRange(pool, shape.rows, RowGrain(shape.channels), rows);
  });
}

SLIMNET_NORM_BACKWARD()

}  // namespace slimnet::cpu::norm
