#include "backends/cpu/amx/copy.h"

#if defined(__x86_64__)

#include <immintrin.h>

#include <algorithm>
#include <cstring>

#include "backends/cpu/amx/target.h"

namespace slimnet::cpu {
namespace {

// Bytes that are a multiple of a row of a tile.
SLIMNET_AMX_INLINE void Copy(char* to, const char* from, int64_t bytes) {
  for (int64_t i = 0; i < bytes; i += kTileRowBytes) _mm512_storeu_si512(to + i, _mm512_loadu_si512(from + i));
}

SLIMNET_AMX_INLINE void Clear(char* to, int64_t bytes) {
  for (int64_t i = 0; i < bytes; i += kTileRowBytes) _mm512_storeu_si512(to + i, _mm512_setzero_si512());
}

// To bfloat16; the last register is filled up with zeros. Returns whether all numbers are finite, as bfloat16 too.
SLIMNET_AMX_INLINE bool Round(char* to, const float* from, int64_t count) {
  const __m512 too_large = _mm512_set1_ps(0x1.FFp127F);
  __mmask16 special = 0;
  for (int64_t i = 0; i < count; i += 16, to += 32) {
    const int64_t left = std::min<int64_t>(count - i, 16);
    const __m512 numbers = _mm512_maskz_loadu_ps(static_cast<__mmask16>((1U << left) - 1), from + i);
    special = static_cast<__mmask16>(special | _mm512_cmp_ps_mask(_mm512_abs_ps(numbers), too_large, _CMP_NLT_UQ));
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), (__m256i)_mm512_cvtneps_pbh(numbers));
  }
  return special == 0;
}

}  // namespace

SLIMNET_AMX void CopyAmxPlanes(const AmxConvShape& s, const AmxGeometry& g, const char* x, int64_t begin, int64_t end,
                               char* planes) {
  const AmxPlanes& p = g.planes;
  const int64_t pixel = g.pixel_bytes;
  for (int64_t phase = 0; phase < p.down * p.across; ++phase) {
    const int64_t py = phase / p.across;
    const int64_t px = phase % p.across;
    // Columns [first, last) are pixels of the image.
    const int64_t first =
        std::clamp<int64_t>(CeilDivide(std::max<int64_t>(s.left - px, 0), s.stride_across), 0, p.pitch);
    const int64_t last = std::clamp<int64_t>(CeilDivide(s.width + s.left - px, s.stride_across), first, p.pitch);
    char* row = planes + phase * p.plane_bytes + begin * p.pitch * pixel;
    for (int64_t r = begin; r < end; ++r, row += p.pitch * pixel) {
      const int64_t y = r * s.stride_down + py - s.top;
      if (y < 0 || y >= s.height) {
        Clear(row, p.pitch * pixel);
        continue;
      }
      Clear(row, first * pixel);
      const char* from = x + (y * s.width + first * s.stride_across + px - s.left) * pixel;
      if (s.stride_across == 1) {
        Copy(row + first * pixel, from, (last - first) * pixel);
      } else {
        for (int64_t c = first; c < last; ++c, from += s.stride_across * pixel) Copy(row + c * pixel, from, pixel);
      }
      Clear(row + last * pixel, (p.pitch - last) * pixel);
    }
  }
}

AmxLines::AmxLines(const AmxConvShape& shape, const AmxGeometry& geometry, char* memory)
    : shape_(shape),
      geometry_(geometry),
      lines_(memory),
      nothing_(lines_ + shape.filter_height * geometry.line_bytes),
      pixels_(nothing_ + geometry.line_bytes) {
  // What stands before and behind a row of the image is never written again.
  std::memset(lines_, 0, static_cast<size_t>((shape.filter_height + 1) * geometry.line_bytes));
}

void AmxLines::Begin(const float* image) {
  image_ = image;
  rounded_ = 0;
}

SLIMNET_AMX AmxLines::Row AmxLines::Take(int64_t row, int64_t* taps) {
  const AmxConvShape& s = shape_;
  const int64_t top = row * s.stride_down - s.top;
  const int64_t end = std::min(top + s.filter_height, s.height);
  const int64_t numbers = s.width * s.in_channels;
  for (int64_t y = std::max(top, rounded_); y < end; ++y) {
    char* const to = Line(y) + s.left * s.in_channels * 2;
    finite_[static_cast<size_t>(y % s.filter_height)] = Round(to, image_ + y * numbers, numbers);
  }
  rounded_ = std::max(rounded_, end);
  for (int64_t i = 0; i < s.filter_height; ++i) {
    const int64_t y = top + i;
    taps[i] = (y >= 0 && y < s.height ? Line(y) : nothing_) - lines_;
  }
  if (AllFinite(top)) return {lines_, geometry_.pixel_bytes};
  const Row written = WriteOut(taps);
  for (int64_t i = 0; i < s.filter_height; ++i) taps[i] = i * kTileRowBytes;
  return written;
}

bool AmxLines::AllFinite(int64_t top) const {
  for (int64_t y = std::max<int64_t>(top, 0); y < std::min(top + shape_.filter_height, shape_.height); ++y) {
    if (!finite_[static_cast<size_t>(y % shape_.filter_height)]) return false;
  }
  return true;
}

// Every pixel by itself, with zeros behind what it sees of each line.
SLIMNET_AMX AmxLines::Row AmxLines::WriteOut(const int64_t* taps) {
  const int64_t seen = shape_.filter_width * shape_.in_channels;
  const auto mask = static_cast<__mmask32>((uint64_t{1} << seen) - 1);
  char* to = pixels_;
  for (int64_t x = 0; x < shape_.out_width; ++x) {
    for (int64_t i = 0; i < shape_.filter_height; ++i, to += kTileRowBytes) {
      _mm512_store_si512(to, _mm512_maskz_loadu_epi16(mask, lines_ + taps[i] + x * geometry_.pixel_bytes));
    }
  }
  return {pixels_, shape_.filter_height * kTileRowBytes};
}

}  // namespace slimnet::cpu

#endif
