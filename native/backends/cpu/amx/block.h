// One block of a convolution on the matrix unit: 32 output pixels times 32 output channels (conv.h). Included by
// conv.cc alone; everything here may be called only where the processor has the unit.
#pragma once

#include <immintrin.h>

#include <algorithm>
#include <array>

#include "backends/cpu/amx/geometry.h"
#include "backends/cpu/amx/target.h"

namespace slimnet::cpu {

struct alignas(64) TileConfig {
  uint8_t palette = 1;
  uint8_t start_row = 0;
  std::array<uint8_t, 14> reserved{};
  std::array<uint16_t, 16> column_bytes{};
  std::array<uint8_t, 16> rows{};
};

// Tiles 0 to 3 are sums, 4 and 5 input pixels, 6 and 7 filters.
SLIMNET_AMX_INLINE void Configure(int64_t first_rows, int64_t second_rows) {
  TileConfig config;
  for (size_t tile = 0; tile < 8; ++tile) {
    config.column_bytes[tile] = kTileRowBytes;
    config.rows[tile] = kTileRows;
  }
  config.rows[0] = config.rows[1] = config.rows[4] = static_cast<uint8_t>(first_rows);
  config.rows[2] = config.rows[3] = config.rows[5] = static_cast<uint8_t>(second_rows);
  _tile_loadconfig(&config);
}

// The kinds as types. The tiles' numbers must be written out: the intrinsics are macros around assembly.
template <AmxNumber kIn, AmxNumber kOut, bool kAdd, AmxNumber kAddend, bool kReluFlag, bool kNorm = false>
struct Kind {
  static constexpr AmxNumber kInput = kIn;
  static constexpr AmxNumber kOutput = kOut;
  static constexpr bool kAdds = kAdd;
  static constexpr AmxNumber kAddendNumber = kAddend;
  static constexpr bool kRelu = kReluFlag;
  static constexpr bool kNormalizes = kNorm;
  static constexpr bool kWholeSums = kIn == AmxNumber::kUInt8 || kIn == AmxNumber::kInt8;
  static constexpr bool kQuantized = kOut == AmxNumber::kUInt8 || kOut == AmxNumber::kInt8;
  static constexpr bool kScales = kWholeSums || kQuantized;
  static constexpr int64_t kOutBytes = BytesOf(kOut);
};

#define SLIMNET_TILE_PRODUCT(K, sum, pixels, filter)       \
  do {                                                     \
    if constexpr (!K::kWholeSums) {                        \
      _tile_dpbf16ps(sum, pixels, filter);                 \
    } else if constexpr (K::kInput == AmxNumber::kUInt8) { \
      _tile_dpbusd(sum, pixels, filter);                   \
    } else {                                               \
      _tile_dpbssd(sum, pixels, filter);                   \
    }                                                      \
  } while (false)

// A filter that passes by the first-level cache leaves it to the pixels.
#define SLIMNET_TILE_FILTER(passes, tile, from)      \
  do {                                               \
    if constexpr (passes) {                          \
      _tile_stream_loadd(tile, from, kTileRowBytes); \
    } else {                                         \
      _tile_loadd(tile, from, kTileRowBytes);        \
    }                                                \
  } while (false)

// Pixels of a block: row r of its sums belongs to output pixel first + r, or to targets[r] where that is not null (-1:
// to none).
struct Rows {
  int64_t count = 0;
  int64_t first = 0;
  const int32_t* targets = nullptr;
};

// A block whose sums are done and wait to be finished, some rows at a time: that happens between the products of the
// next block, which occupy another part of the core.
struct Waiting {
  const void* sums = nullptr;  // rows of 32
  Rows rows;
  int64_t next = 0;
  char* out = nullptr;  // of the block's first channel
  int64_t pitch = 0;    // bytes of an output pixel
  const float* bias = nullptr;
  const float* scale = nullptr;
  int64_t to_second = 0;  // from a byte of `out` to that of the second result
  const float* norm_bias = nullptr;
  const float* norm_scale = nullptr;
  uint32_t channels = ~0U;                      // float32: a bit for each that there is
  alignas(64) std::array<char, 128> nowhere{};  // takes rows without a target
};

// 16 sums as numbers in units of the output's step, with the bias.
template <class K>
SLIMNET_AMX_INLINE __m512 Scaled(const int32_t* sums, __m512 scale, __m512 bias) {
  if constexpr (K::kWholeSums) return _mm512_fmadd_ps(_mm512_cvtepi32_ps(_mm512_load_si512(sums)), scale, bias);
  if constexpr (K::kScales) return _mm512_fmadd_ps(_mm512_load_ps(sums), scale, bias);
  return _mm512_add_ps(_mm512_load_ps(sums), bias);
}

SLIMNET_AMX_INLINE __m512 ToFloat32(const char* numbers) {
  const __m512i wide = _mm512_cvtepu16_epi32(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(numbers)));
  return _mm512_castsi512_ps(_mm512_slli_epi32(wide, 16));
}

// Factors and terms of a block's channels.
struct Factors {
  __m512 bias[2];
  __m512 scale[2];
  __m512 norm_bias[2];
  __m512 norm_scale[2];
  __m512 addend;
};

template <class K>
SLIMNET_AMX_INLINE Factors FactorsOf(const Waiting& w, float addend_scale) {
  Factors f{};
  for (int half = 0; half < 2; ++half) {
    f.bias[half] = _mm512_loadu_ps(w.bias + half * kTileRows);
    if constexpr (K::kScales) f.scale[half] = _mm512_loadu_ps(w.scale + half * kTileRows);
    if constexpr (K::kNormalizes) {
      f.norm_bias[half] = _mm512_loadu_ps(w.norm_bias + half * kTileRows);
      f.norm_scale[half] = _mm512_loadu_ps(w.norm_scale + half * kTileRows);
    }
  }
  f.addend = _mm512_set1_ps(addend_scale);
  return f;
}

// As integers, bfloat16 numbers of both signs compare with 0 as they should, but for NaN with a sign, which stays:
// without a sign of their own, its bits are above those of -infinity.
SLIMNET_AMX_INLINE __m512i BFloat16Relu(__m512i row) {
  const __mmask32 numbers = _mm512_cmple_epu16_mask(row, _mm512_set1_epi16(static_cast<int16_t>(0xff80)));
  return _mm512_mask_max_epi16(row, numbers, row, _mm512_setzero_si512());
}

template <class K>
SLIMNET_AMX_INLINE void FinishBFloat16Row(const void* sums, char* out, int64_t to_second, const Factors& f) {
  const auto* from = static_cast<const int32_t*>(sums);
  __m512 first = Scaled<K>(from, f.bias[0], f.bias[0]);
  __m512 second = Scaled<K>(from + kTileRows, f.bias[1], f.bias[1]);
  if constexpr (K::kAdds) {
    first = _mm512_add_ps(first, ToFloat32(out));
    second = _mm512_add_ps(second, ToFloat32(out + 32));
  }
  __m512i row = (__m512i)_mm512_cvtne2ps_pbh(second, first);
  if constexpr (K::kRelu) row = BFloat16Relu(row);
  _mm512_storeu_si512(out, row);
  if constexpr (K::kNormalizes) {
    first = _mm512_fmadd_ps(first, f.norm_scale[0], f.norm_bias[0]);
    second = _mm512_fmadd_ps(second, f.norm_scale[1], f.norm_bias[1]);
    _mm512_storeu_si512(out + to_second, BFloat16Relu((__m512i)_mm512_cvtne2ps_pbh(second, first)));
  }
}

// Half a row in units of the output's step.
template <class K>
SLIMNET_AMX_INLINE __m512 WholeHalf(const int32_t* sums, const char* out, const Factors& f, int half) {
  const __m512 value = Scaled<K>(sums, f.scale[half], f.bias[half]);
  if constexpr (!K::kAdds) return value;
  const __m128i stored = _mm_loadu_si128(reinterpret_cast<const __m128i*>(out));
  const __m512i wide =
      K::kAddendNumber == AmxNumber::kUInt8 ? _mm512_cvtepu8_epi32(stored) : _mm512_cvtepi8_epi32(stored);
  return _mm512_fmadd_ps(_mm512_cvtepi32_ps(wide), f.addend, value);
}

// Two rows of two halves as 8-bit numbers. Negative ones become 0 where the result has no sign.
SLIMNET_AMX_INLINE __m512i Rounded(const __m512* halves, bool is_signed) {
  const __m512i first = _mm512_packs_epi32(_mm512_cvtps_epi32(halves[0]), _mm512_cvtps_epi32(halves[1]));
  const __m512i second = _mm512_packs_epi32(_mm512_cvtps_epi32(halves[2]), _mm512_cvtps_epi32(halves[3]));
  return is_signed ? _mm512_packs_epi16(first, second) : _mm512_packus_epi16(first, second);
}

SLIMNET_AMX_INLINE void StoreRows(__m512i both, char* out0, char* out1) {
  // Each quarter holds four channels of each half of each row.
  const __m512i order = _mm512_set_epi32(15, 11, 7, 3, 14, 10, 6, 2, 13, 9, 5, 1, 12, 8, 4, 0);
  both = _mm512_permutexvar_epi32(order, both);
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(out0), _mm512_castsi512_si256(both));
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(out1), _mm512_extracti64x4_epi64(both, 1));
}

// Two rows side by side: the instructions that low precision do so for two registers.
template <class K>
SLIMNET_AMX_INLINE void FinishWholeRows(const void* sums, char* out0, char* out1, char* second0, char* second1,
                                        const Factors& f) {
  const auto* from = static_cast<const int32_t*>(sums);
  __m512 halves[4] = {WholeHalf<K>(from, out0, f, 0), WholeHalf<K>(from + 16, out0 + 16, f, 1),
                      WholeHalf<K>(from + 32, out1, f, 0), WholeHalf<K>(from + 48, out1 + 16, f, 1)};
  __m512i both = Rounded(halves, K::kOutput == AmxNumber::kInt8);
  if constexpr (K::kRelu && K::kOutput == AmxNumber::kInt8) both = _mm512_max_epi8(both, _mm512_setzero_si512());
  StoreRows(both, out0, out1);
  if constexpr (K::kNormalizes) {
    for (int i = 0; i < 4; ++i) halves[i] = _mm512_fmadd_ps(halves[i], f.norm_scale[i & 1], f.norm_bias[i & 1]);
    StoreRows(Rounded(halves, false), second0, second1);
  }
}

template <class K>
SLIMNET_AMX_INLINE void FinishFloat32Row(const void* sums, char* out, const Factors& f, uint32_t channels) {
  for (int half = 0; half < 2; ++half) {
    __m512 value = Scaled<K>(static_cast<const int32_t*>(sums) + half * kTileRows, f.scale[half], f.bias[half]);
    // In this order NaN stays.
    if constexpr (K::kRelu) value = _mm512_max_ps(_mm512_setzero_ps(), value);
    _mm512_mask_storeu_ps(out + half * 64, static_cast<__mmask16>(channels >> (half * 16)), value);
  }
}

// `count` more rows; an even number.
template <class K>
SLIMNET_AMX_INLINE void Finish(Waiting& w, int64_t count, float addend_scale) {
  const int64_t end = std::min(w.next + count, w.rows.count);
  if (w.next >= end) return;
  const char* sums = static_cast<const char*>(w.sums) + w.next * kSumRowBytes;
  const auto pixel_of = [&](int64_t r)
                            SLIMNET_AMX { return w.rows.targets == nullptr ? w.rows.first + r : w.rows.targets[r]; };
  const auto target = [&](int64_t pixel) SLIMNET_AMX { return pixel < 0 ? w.nowhere.data() : w.out + pixel * w.pitch; };
  const auto second = [&](int64_t pixel) SLIMNET_AMX {
    return !K::kNormalizes || pixel < 0 ? w.nowhere.data() : w.out + w.to_second + pixel * w.pitch;
  };
  const Factors f = FactorsOf<K>(w, addend_scale);
  if constexpr (K::kOutput == AmxNumber::kFloat32) {
    for (int64_t r = w.next; r < end; ++r, sums += kSumRowBytes) {
      FinishFloat32Row<K>(sums, target(pixel_of(r)), f, w.channels);
    }
  } else if constexpr (K::kQuantized) {
    for (int64_t r = w.next; r < end; r += 2, sums += 2 * kSumRowBytes) {
      const int64_t pixel0 = pixel_of(r);
      const int64_t pixel1 = r + 1 < end ? pixel_of(r + 1) : -1;
      FinishWholeRows<K>(sums, target(pixel0), target(pixel1), second(pixel0), second(pixel1), f);
    }
  } else if (w.rows.targets == nullptr) {
    char* out = w.out + (w.rows.first + w.next) * w.pitch;
    for (int64_t r = w.next; r < end; ++r, sums += kSumRowBytes, out += w.pitch) {
      FinishBFloat16Row<K>(sums, out, w.to_second, f);
    }
  } else {
    for (int64_t r = w.next; r < end; ++r, sums += kSumRowBytes) {
      const int64_t pixel = pixel_of(r);
      // A row without a target has none of either kind, and room for one.
      FinishBFloat16Row<K>(sums, target(pixel), pixel < 0 ? 0 : w.to_second, f);
    }
  }
  w.next = end;
}

// One block of one piece of the channels.
struct BlockProduct {
  const char* x = nullptr;  // the block's first input pixel, of the first tap
  int64_t pixel_bytes = 0;
  const int64_t* taps = nullptr;  // where each tap's pixels begin, from there
  int64_t tap_count = 0;
  int64_t steps = 0;  // for each tap
  const char* filter = nullptr;
  bool goes_on = false;  // at what stands in `sums`
  char* sums = nullptr;
};

template <class K, bool kTwo, bool kPasses>
SLIMNET_AMX_INLINE void Multiply(const BlockProduct& p, Waiting& waiting, int64_t finish, float addend_scale) {
  if (p.goes_on) {
    _tile_loadd(0, p.sums, kSumRowBytes);
    _tile_loadd(1, p.sums + kTileRowBytes, kSumRowBytes);
    if constexpr (kTwo) {
      _tile_loadd(2, p.sums + kTileRows * kSumRowBytes, kSumRowBytes);
      _tile_loadd(3, p.sums + kTileRows * kSumRowBytes + kTileRowBytes, kSumRowBytes);
    }
  } else {
    _tile_zero(0);
    _tile_zero(1);
    if constexpr (kTwo) {
      _tile_zero(2);
      _tile_zero(3);
    }
  }
  const char* filter = p.filter;
  for (int64_t tap = 0; tap < p.tap_count; ++tap) {
    const char* x = p.x + p.taps[tap];
    for (int64_t step = 0; step < p.steps; ++step, x += kTileRowBytes, filter += 2 * kTileBytes) {
      SLIMNET_TILE_FILTER(kPasses, 6, filter);
      _tile_loadd(4, x, p.pixel_bytes);
      SLIMNET_TILE_PRODUCT(K, 0, 4, 6);
      SLIMNET_TILE_FILTER(kPasses, 7, filter + kTileBytes);
      SLIMNET_TILE_PRODUCT(K, 1, 4, 7);
      if constexpr (kTwo) {
        _tile_loadd(5, x + kTileRows * p.pixel_bytes, p.pixel_bytes);
        SLIMNET_TILE_PRODUCT(K, 2, 5, 6);
        SLIMNET_TILE_PRODUCT(K, 3, 5, 7);
      }
      Finish<K>(waiting, finish, addend_scale);
    }
  }
  Finish<K>(waiting, kBlockRows, addend_scale);
  _tile_stored(0, p.sums, kSumRowBytes);
  _tile_stored(1, p.sums + kTileRowBytes, kSumRowBytes);
  if constexpr (kTwo) {
    _tile_stored(2, p.sums + kTileRows * kSumRowBytes, kSumRowBytes);
    _tile_stored(3, p.sums + kTileRows * kSumRowBytes + kTileRowBytes, kSumRowBytes);
  }
}

}  // namespace slimnet::cpu
