#include "backends/cpu/norm/normalize.h"

#include "backends/cpu/dispatch.h"

namespace slimnet::cpu::norm {
namespace {

template <class From, class To>
SLIMNET_INLINE void NormalizeStrip(const From* x, Factors f, const To* added, Ends ends, int64_t width, To* y) {
  float values[kStrip];
  for (int64_t c = 0; c < width; ++c) values[c] = Normalized(Read(x[c]), f.mean[c], f.factor[c], f.offset[c]);
  if (added != nullptr) {
    for (int64_t c = 0; c < width; ++c) values[c] += Read(added[c]);
  }
  for (int64_t c = 0; c < width; ++c) {
    const float above = values[c] < ends.low ? ends.low : values[c];
    Write(y[c], above > ends.high ? ends.high : above);
  }
}

}  // namespace

template <class From, class To>
void Normalize(ParallelFor& pool, const Shape& shape, const From* x, const Factors& factors, const To* added, Ends ends,
               To* y) {
  ForRange(pool, shape.rows, RowGrain(shape.channels), [=, channels = shape.channels](int64_t begin, int64_t end) {
    WithBestIsa([=]() SLIMNET_INLINE_BODY {
      for (int64_t row = begin; row < end; ++row) {
        for (int64_t first = 0; first < channels; first += kStrip) {
          const int64_t at = row * channels + first;
          const int64_t width = channels - first < kStrip ? channels - first : kStrip;
          const Factors here{factors.mean + first, factors.factor + first, factors.offset + first};
          NormalizeStrip(x + at, here, added == nullptr ? nullptr : added + at, ends, width, y + at);
        }
      }
    });
  });
}

template void Normalize(ParallelFor&, const Shape&, const float*, const Factors&, const float*, Ends, float*);
template void Normalize(ParallelFor&, const Shape&, const float*, const Factors&, const BFloat16*, Ends, BFloat16*);
template void Normalize(ParallelFor&, const Shape&, const BFloat16*, const Factors&, const float*, Ends, float*);
template void Normalize(ParallelFor&, const Shape&, const BFloat16*, const Factors&, const BFloat16*, Ends, BFloat16*);

}  // namespace slimnet::cpu::norm
