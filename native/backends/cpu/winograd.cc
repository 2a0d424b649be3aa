#include "backends/cpu/winograd.h"

#include <algorithm>
#include <array>
#include <cstring>

// One copy of the loops for each instruction set, chosen when they run.
#if defined(__x86_64__)
#define SLIMNET_TARGET(isa) __attribute__((target(isa)))
#endif
#define SLIMNET_INLINE inline __attribute__((always_inline))

namespace slimnet::cpu {
namespace {

constexpr int64_t kIn = 6;               // side of the patch of the image under a tile
constexpr int64_t kOut = kWinogradTile;  // side of a tile
constexpr int64_t kLanes = kWinogradChannels;

// A vector of GCC and clang: the compiler splits it where registers are smaller.
typedef float Floats __attribute__((vector_size(kLanes * sizeof(float))));
typedef double Doubles __attribute__((vector_size(kLanes * sizeof(double))));

SLIMNET_INLINE void Load(Floats& to, const float* from) { std::memcpy(&to, from, sizeof to); }
SLIMNET_INLINE void Store(float* to, const Floats& from) { std::memcpy(to, &from, sizeof from); }

// y = B^T d for one column or row of six.
SLIMNET_INLINE void InputLine(const Floats (&d)[kIn], Floats (&y)[kIn]) {
  const Floats even = d[4] - 4.0F * d[2];
  const Floats odd = d[3] - 4.0F * d[1];
  const Floats outer = d[4] - d[2];
  const Floats inner = 2.0F * (d[3] - d[1]);
  y[0] = 4.0F * d[0] - 5.0F * d[2] + d[4];
  y[1] = even + odd;
  y[2] = even - odd;
  y[3] = outer + inner;
  y[4] = outer - inner;
  y[5] = 4.0F * d[1] - 5.0F * d[3] + d[5];
}

// y = A^T m: six products to four results.
SLIMNET_INLINE void OutputLine(const Floats (&m)[kIn], Floats (&y)[kOut]) {
  const Floats sum1 = m[1] + m[2];
  const Floats difference1 = m[1] - m[2];
  const Floats sum2 = m[3] + m[4];
  const Floats difference2 = m[3] - m[4];
  y[0] = m[0] + sum1 + sum2;
  y[1] = difference1 + 2.0F * difference2;
  y[2] = sum1 + 4.0F * sum2;
  y[3] = difference1 + 8.0F * difference2 + m[5];
}

// Where a tile lies.
struct Position {
  int64_t image, row, column;
};

SLIMNET_INLINE Position PositionOf(const WinogradShape& s, int64_t tile) {
  const int64_t across = s.tiles_across();
  const int64_t down = s.tiles_down();
  return {tile / (across * down), tile / across % down * kOut, tile % across * kOut};
}

// The patch of one tile, kLanes channels of it. `inside` says that no pixel of it is padding.
SLIMNET_INLINE void InputTile(const WinogradShape& s, const float* x, int64_t corner, int64_t row, int64_t column,
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

SLIMNET_INLINE void InputTiles(const WinogradShape& s, const WinogradTiles& tiles, const float* x, float* v) {
  const int64_t matrix = tiles.rows * s.in_channels;
  for (int64_t tile = tiles.begin; tile < tiles.end; ++tile) {
    const Position at = PositionOf(s, tile);
    const int64_t row = at.row - s.top;
    const int64_t column = at.column - s.left;
    const bool inside = row >= 0 && column >= 0 && row + kIn <= s.height && column + kIn <= s.width;
    // A number, not a pointer: the corner may lie before the image.
    const int64_t corner = ((at.image * s.height + row) * s.width + column) * s.in_channels;
    float* to = v + (tile - tiles.first) * s.in_channels;
    for (int64_t c = 0; c < s.in_channels; c += kLanes) {
      if (inside) {
        InputTile(s, x, corner + c, row, column, true, matrix, to + c);
      } else {
        InputTile(s, x, corner + c, row, column, false, matrix, to + c);
      }
    }
  }
}

SLIMNET_INLINE void Finish(const Floats& sum, const Floats& bias, const WinogradTail& tail, int64_t at, float* y) {
  Floats value = sum + bias;
  if (tail.addend != nullptr) {
    Floats addend;
    Load(addend, tail.addend + at);
    value += addend;
  }
  if (tail.activation != WinogradTail::Activation::kNone) {
    value = value > 0.0F ? value : Floats{};
    if (tail.activation == WinogradTail::Activation::kRelu6) value = value < 6.0F ? value : Floats{} + 6.0F;
  }
  Store(y + at, value);
}

SLIMNET_INLINE void OutputTile(const WinogradShape& s, const float* m, int64_t matrix, const WinogradTail& tail,
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

SLIMNET_INLINE void OutputTiles(const WinogradShape& s, const WinogradTiles& tiles, const float* m,
                                const WinogradTail& tail, float* y) {
  const int64_t matrix = tiles.rows * s.out_channels;
  for (int64_t tile = tiles.begin; tile < tiles.end; ++tile) {
    const Position at = PositionOf(s, tile);
    const int64_t rows = std::min(kOut, s.out_height - at.row);
    const int64_t columns = std::min(kOut, s.out_width - at.column);
    const int64_t corner = ((at.image * s.out_height + at.row) * s.out_width + at.column) * s.out_channels;
    const float* from = m + (tile - tiles.first) * s.out_channels;
    for (int64_t c = 0; c < s.out_channels; c += kLanes) {
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
SLIMNET_TARGET("avx512f,avx512dq,avx512vl,fma")
void InputAvx512(const WinogradShape& s, const WinogradTiles& tiles, const float* x, float* v) {
  InputTiles(s, tiles, x, v);
}
SLIMNET_TARGET("avx2,fma")
void InputAvx2(const WinogradShape& s, const WinogradTiles& tiles, const float* x, float* v) {
  InputTiles(s, tiles, x, v);
}
SLIMNET_TARGET("avx512f,avx512dq,avx512vl,fma")
void OutputAvx512(const WinogradShape& s, const WinogradTiles& tiles, const float* m, const WinogradTail& tail,
                  float* y) {
  OutputTiles(s, tiles, m, tail, y);
}
SLIMNET_TARGET("avx2,fma")
void OutputAvx2(const WinogradShape& s, const WinogradTiles& tiles, const float* m, const WinogradTail& tail,
                float* y) {
  OutputTiles(s, tiles, m, tail, y);
}

bool HasAvx512() {
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
}
bool HasAvx2() { return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"); }
#endif

}  // namespace

void TransformWinogradFilter(const float* filter, int64_t in_channels, int64_t out_channels, int64_t begin, int64_t end,
                             float* u) {
  constexpr std::array<std::array<double, 3>, kIn> kG{{{1.0 / 4, 0.0, 0.0},
                                                       {-1.0 / 6, -1.0 / 6, -1.0 / 6},
                                                       {-1.0 / 6, 1.0 / 6, -1.0 / 6},
                                                       {1.0 / 24, 1.0 / 12, 1.0 / 6},
                                                       {1.0 / 24, -1.0 / 12, 1.0 / 6},
                                                       {0.0, 0.0, 1.0}}};
  const int64_t matrix = in_channels * out_channels;
  for (int64_t at = begin * out_channels; at < end * out_channels; at += kLanes) {
    Doubles half[kIn][3];
    for (int64_t j = 0; j < 3; ++j) {
      Doubles tap[3];
      for (int64_t k = 0; k < 3; ++k) {
        Floats single;
        Load(single, filter + ((k * 3 + j) * matrix + at));
        tap[k] = __builtin_convertvector(single, Doubles);
      }
      for (size_t i = 0; i < kIn; ++i) half[i][j] = kG[i][0] * tap[0] + kG[i][1] * tap[1] + kG[i][2] * tap[2];
    }
    for (size_t i = 0; i < kIn; ++i) {
      for (size_t j = 0; j < kIn; ++j) {
        const Doubles sum = kG[j][0] * half[i][0] + kG[j][1] * half[i][1] + kG[j][2] * half[i][2];
        Store(u + (static_cast<int64_t>(i * kIn + j) * matrix + at), __builtin_convertvector(sum, Floats));
      }
    }
  }
}

void TransformWinogradInput(const WinogradShape& shape, const WinogradTiles& tiles, const float* x, float* v) {
#if defined(__x86_64__)
  if (HasAvx512()) return InputAvx512(shape, tiles, x, v);
  if (HasAvx2()) return InputAvx2(shape, tiles, x, v);
#endif
  InputTiles(shape, tiles, x, v);
}

void TransformWinogradOutput(const WinogradShape& shape, const WinogradTiles& tiles, const float* m,
                             const WinogradTail& tail, float* y) {
#if defined(__x86_64__)
  if (HasAvx512()) return OutputAvx512(shape, tiles, m, tail, y);
  if (HasAvx2()) return OutputAvx2(shape, tiles, m, tail, y);
#endif
  OutputTiles(shape, tiles, m, tail, y);
}

}  // namespace slimnet::cpu
