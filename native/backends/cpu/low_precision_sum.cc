#include "backends/cpu/low_precision_sum.h"

#include "backends/cpu/best_isa.h"

namespace slimnet::cpu {
namespace {

constexpr int64_t kChannelStep = 32;  // channels at once

// Plain loops over a few channels, which the compiler vectorises: in float32, or in integers of 32 bits.
SLIMNET_INLINE float AsSum(float x) { return x; }
SLIMNET_INLINE float AsSum(BFloat16 x) { return ToFloat(x); }
SLIMNET_INLINE int32_t AsSum(int8_t x) { return x; }
SLIMNET_INLINE int32_t AsSum(uint8_t x) { return x; }

template <class T>
SLIMNET_INLINE void SumSome(const T* x, int64_t pixels, int64_t pitch, float* sums) {
  decltype(AsSum(T{})) some[kChannelStep] = {};
  for (int64_t p = 0; p < pixels; ++p) {
    const T* from = x + p * pitch;
    for (int64_t c = 0; c < kChannelStep; ++c) some[c] += AsSum(from[c]);
  }
  for (int64_t c = 0; c < kChannelStep; ++c) sums[c] = static_cast<float>(some[c]);
}

// Integers of more pixels than this might not fit into 32 bits.
constexpr int64_t kMostPixels = int64_t{1} << 23;

template <class T>
SLIMNET_INLINE void SumAll(const T* x, int64_t pixels, int64_t pitch, int64_t channels, float* sums) {
  int64_t c = 0;
  for (; c + kChannelStep <= channels && pixels <= kMostPixels; c += kChannelStep)
    SumSome(x + c, pixels, pitch, sums + c);
  for (; c < channels; ++c) {
    double sum = 0;
    for (int64_t p = 0; p < pixels; ++p) sum += AsSum(x[p * pitch + c]);
    sums[c] = static_cast<float>(sum);
  }
}

template <class T>
void Sum(const T* x, int64_t pixels, int64_t pitch, int64_t channels, float* sums) {
  WithBestIsa([=]() SLIMNET_INLINE_BODY { SumAll(x, pixels, pitch, channels, sums); });
}

}  // namespace

void SumPixels(const float* x, int64_t pixels, int64_t pitch, int64_t channels, float* sums) {
  Sum(x, pixels, pitch, channels, sums);
}
void SumPixels(const BFloat16* x, int64_t pixels, int64_t pitch, int64_t channels, float* sums) {
  Sum(x, pixels, pitch, channels, sums);
}
void SumPixels(const int8_t* x, int64_t pixels, int64_t pitch, int64_t channels, float* sums) {
  Sum(x, pixels, pitch, channels, sums);
}
void SumPixels(const uint8_t* x, int64_t pixels, int64_t pitch, int64_t channels, float* sums) {
  Sum(x, pixels, pitch, channels, sums);
}

}  // namespace slimnet::cpu
