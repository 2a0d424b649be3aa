#include <algorithm>
#include <cstdint>

#include "backends/cpu/winograd/lanes.h"
#include "backends/cpu/winograd/transforms.h"

namespace slimnet::cpu::winograd {
namespace {

// y = A^T m: six products, one for each point, to four results, one for each of its powers.
SLIMNET_WINOGRAD_INLINE void OutputLine(const Floats (&m)[kIn], Floats (&y)[kOut]) {
  using P = Points<float>;
  const Floats sum_a = m[1] + m[2];
  const Floats difference_a = m[1] - m[2];
  const Floats sum_b = m[3] + m[4];
  const Floats difference_b = m[3] - m[4];
  y[0] = m[0] + sum_a + sum_b;
  y[1] = P::kA * difference_a + P::kB * difference_b;
  y[2] = P::kA2 * sum_a + P::kB2 * sum_b;
  y[3] = P::kA * P::kA2 * difference_a + P::kB * P::kB2 * difference_b + m[5];
}

SLIMNET_WINOGRAD_INLINE void Finish(const Floats& sum, const Floats& bias, const Tail& tail, int64_t at, float* y) {
  Floats value = sum + bias;
  if (tail.addend != nullptr) {
    Floats addend;
    Load(addend, tail.addend + at);
    value += addend;
  }
  if (tail.activation != Tail::Activation::kNone) {
    // NaN compares with nothing, and stays.
    value = value < 0.0F ? Floats{} : value;
    if (tail.activation == Tail::Activation::kRelu6) value = value > 6.0F ? Floats{} + 6.0F : value;
  }
  Store(y + at, value);
}

SLIMNET_WINOGRAD_INLINE void OutputTile(const Shape& s, const float* m, int64_t matrix, const Tail& tail,
                                        const Floats& bias, int64_t at, int64_t rows, int64_t columns, float* y) {
  Floats half[kOut][kIn];
  for (int64_t j = 0; j < kIn; ++j) {
    Floats d[kIn];
    Floats t[kOut];
    for (int64_t i = 0; i < kIn; ++i) Load(d[i], m + (i * kIn + j) * matrix);
    OutputLine(d, t);
    for (int64_t i = 0; i < kOut; ++i) half[i][j] = t[i];
  }
  for (int64_t i = 0; i < rows; ++i) {
    Floats t[kOut];
    OutputLine(half[i], t);
    for (int64_t j = 0; j < columns; ++j) Finish(t[j], bias, tail, at + (i * s.out_width + j) * s.out_channels, y);
  }
}

SLIMNET_WINOGRAD_INLINE void OutputTiles(const Shape& s, const Tiles& tiles, const float* m, const Tail& tail,
                                         float* y) {
  const int64_t matrix = tiles.rows * s.out_channels;
  for (int64_t tile = tiles.begin; tile < tiles.end; ++tile) {
    const Position at = PositionOf(s, tile);
    const int64_t rows = std::min(kOut, s.out_height - at.row);
    const int64_t columns = std::min(kOut, s.out_width - at.column);
    const int64_t corner = ((at.image * s.out_height + at.row) * s.out_width + at.column) * s.out_channels;
    const float* from = m + (tile - tiles.first) * s.out_channels;
    for (int64_t c = 0; c < s.out_channels; c += kChannels) {
      Floats bias{};
      if (tail.bias != nullptr) Load(bias, tail.bias + c);
      if (rows == kOut && columns == kOut) {
        OutputTile(s, from + c, matrix, tail, bias, corner + c, kOut, kOut, y);
      } else {
        OutputTile(s, from + c, matrix, tail, bias, corner + c, rows, columns, y);
      }
    }
  }
}

#if defined(__x86_64__)
SLIMNET_WINOGRAD_AVX512
void OutputAvx512(const Shape& s, const Tiles& tiles, const float* m, const Tail& tail, float* y) {
  OutputTiles(s, tiles, m, tail, y);
}
SLIMNET_WINOGRAD_AVX2
void OutputAvx2(const Shape& s, const Tiles& tiles, const float* m, const Tail& tail, float* y) {
  OutputTiles(s, tiles, m, tail, y);
}
#endif

}  // namespace

void TransformOutput(const Shape& shape, const Tiles& tiles, const float* m, const Tail& tail, float* y) {
#if defined(__x86_64__)
  if (HasAvx512()) return OutputAvx512(shape, tiles, m, tail, y);
  if (HasAvx2()) return OutputAvx2(shape, tiles, m, tail, y);
#endif
  OutputTiles(shape, tiles, m, tail, y);
}

}  // namespace slimnet::cpu::winograd
