#include <cstdint>

#include "backends/cpu/winograd/lanes.h"
#include "backends/cpu/winograd/transforms.h"

namespace slimnet::cpu::winograd {
namespace {

// y = B^T d for one column or row of six: for each point, the coefficients of the product of (x - p) over all others.
SLIMNET_WINOGRAD_INLINE void InputLine(const Floats (&d)[kIn], Floats (&y)[kIn]) {
  using P = Points<float>;
  const Floats even_a = d[4] - P::kB2 * d[2];
  const Floats odd_a = d[3] - P::kB2 * d[1];
  const Floats even_b = d[4] - P::kA2 * d[2];
  const Floats odd_b = d[3] - P::kA2 * d[1];
  y[0] = P::kA2 * P::kB2 * d[0] - (P::kA2 + P::kB2) * d[2] + d[4];
  y[1] = even_a + P::kA * odd_a;
  y[2] = even_a - P::kA * odd_a;
  y[3] = even_b + P::kB * odd_b;
  y[4] = even_b - P::kB * odd_b;
  y[5] = P::kA2 * P::kB2 * d[1] - (P::kA2 + P::kB2) * d[3] + d[5];
}

// The patch of one tile, kChannels channels of it. `inside` says that no pixel of it is padding.
SLIMNET_WINOGRAD_INLINE void InputTile(const Shape& s, const float* x, int64_t corner, int64_t row, int64_t column,
                                       bool inside, int64_t matrix, float* v) {
  const int64_t pixel = s.in_channels;
  const int64_t line = s.width * pixel;
  Floats half[kIn][kIn];
  for (int64_t j = 0; j < kIn; ++j) {
    Floats d[kIn];
    Floats t[kIn];
    for (int64_t i = 0; i < kIn; ++i) {
      const bool is_pixel = inside || (row + i >= 0 && row + i < s.height && column + j >= 0 && column + j < s.width);
      if (is_pixel) {
        Load(d[i], x + (corner + i * line + j * pixel));
      } else {
        d[i] = Floats{};
      }
    }
    InputLine(d, t);
    for (int64_t i = 0; i < kIn; ++i) half[i][j] = t[i];
  }
  for (int64_t i = 0; i < kIn; ++i) {
    Floats t[kIn];
    InputLine(half[i], t);
    for (int64_t j = 0; j < kIn; ++j) Store(v + (i * kIn + j) * matrix, t[j]);
  }
}

SLIMNET_WINOGRAD_INLINE void InputTiles(const Shape& s, const Tiles& tiles, const float* x, float* v) {
  const int64_t matrix = tiles.rows * s.in_channels;
  const int64_t slice = s.slice();
  for (int64_t tile = tiles.begin; tile < tiles.end; ++tile) {
    const Position at = PositionOf(s, tile);
    const int64_t row = at.row - s.top;
    const int64_t column = at.column - s.left;
    const bool inside = row >= 0 && column >= 0 && row + kIn <= s.height && column + kIn <= s.width;
    // A number, not a pointer: the corner may lie before the image.
    const int64_t corner = ((at.image * s.height + row) * s.width + column) * s.in_channels;
    for (int64_t c = 0; c < s.in_channels; c += kChannels) {
      float* const to = v + (c / slice * tiles.rows + tile - tiles.first) * slice + c % slice;
      if (inside) {
        InputTile(s, x, corner + c, row, column, true, matrix, to);
      } else {
        InputTile(s, x, corner + c, row, column, false, matrix, to);
      }
    }
  }
}

#if defined(__x86_64__)
SLIMNET_WINOGRAD_AVX512
void InputAvx512(const Shape& s, const Tiles& tiles, const float* x, float* v) { InputTiles(s, tiles, x, v); }
SLIMNET_WINOGRAD_AVX2
void InputAvx2(const Shape& s, const Tiles& tiles, const float* x, float* v) { InputTiles(s, tiles, x, v); }
#endif

}  // namespace

void TransformInput(const Shape& shape, const Tiles& tiles, const float* x, float* v) {
#if defined(__x86_64__)
  if (HasAvx512()) return InputAvx512(shape, tiles, x, v);
  if (HasAvx2()) return InputAvx2(shape, tiles, x, v);
#endif
  InputTiles(shape, tiles, x, v);
}

}  // namespace slimnet::cpu::winograd
