// What the three transforms share: vectors of channels, and one copy of the loops for each instruction set, chosen when
// they run.
#pragma once

#include <cstdint>
#include <cstring>

#include "backends/cpu/winograd/transforms.h"

#if defined(__x86_64__)
#define SLIMNET_WINOGRAD_AVX512 __attribute__((target("avx512f,avx512dq,avx512vl,fma")))
#define SLIMNET_WINOGRAD_AVX2 __attribute__((target("avx2,fma")))
#endif
#define SLIMNET_WINOGRAD_INLINE inline __attribute__((always_inline))

namespace slimnet::cpu::winograd {

inline constexpr int64_t kIn = 6;       // side of the patch of the image under a tile
inline constexpr int64_t kOut = kTile;  // side of a tile

// The points at which the polynomials of the method are taken, besides 0 and infinity: +-kA and +-kB. Lavin and Gray
// take 1 and 2; a result's rounding error is 2.2 times as large with those, for the powers of 2 and the fractions of
// the filter's transform differ more. With 5/8 and 3/2 all constants of the other two transforms are numbers of float.
template <typename T>
struct Points {
  static constexpr T kA = T{5} / 8;
  static constexpr T kB = T{3} / 2;
  static constexpr T kA2 = kA * kA;
  static constexpr T kB2 = kB * kB;
};

// A vector of GCC and clang: the compiler splits it where registers are smaller.
typedef float Floats __attribute__((vector_size(kChannels * sizeof(float))));
typedef double Doubles __attribute__((vector_size(kChannels * sizeof(double))));

SLIMNET_WINOGRAD_INLINE void Load(Floats& to, const float* from) { std::memcpy(&to, from, sizeof to); }
SLIMNET_WINOGRAD_INLINE void Store(float* to, const Floats& from) { std::memcpy(to, &from, sizeof from); }

// Where a tile lies.
struct Position {
  int64_t image, row, column;
};

SLIMNET_WINOGRAD_INLINE Position PositionOf(const Shape& s, int64_t tile) {
  const int64_t across = s.tiles_across();
  const int64_t down = s.tiles_down();
  return {tile / (across * down), tile / across % down * kOut, tile % across * kOut};
}

#if defined(__x86_64__)
inline bool HasAvx512() {
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
}
inline bool HasAvx2() { return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"); }
#endif

}  // namespace slimnet::cpu::winograd
