#include "backends/cpu/amx_copy.h"

#if defined(__x86_64__)

#include <immintrin.h>

#include <algorithm>
#include <cstring>

#include "backends/cpu/amx_target.h"

namespace slimnet::cpu {
namespace {

constexpr int64_t kNumbers = 32;  // bfloat16 numbers of a register

// Bytes that are a multiple of a row of a tile.
SLIMNET_AMX_INLINE void Copy(char* to, const char* from, int64_t bytes) {
  for (int64_t i = 0; i < bytes; i += kTileRowBytes) _mm512_storeu_si512(to + i, _mm512_loadu_si512(from + i));
}

SLIMNET_AMX_INLINE void Clear(char* to, int64_t bytes) {
  for (int64_t i = 0; i < bytes; i += kTileRowBytes) _mm512_storeu_si512(to + i, _mm512_setzero_si512());
}

// To bfloat16; the last register is filled up with zeros.
SLIMNET_AMX_INLINE void Narrow(char* to, const float* from, int64_t count) {
  for (int64_t i = 0; i < count; i += 16, to += 32) {
    const int64_t left = std::min<int64_t>(count - i, 16);
    const __m512 numbers = _mm512_maskz_loadu_ps(static_cast<__mmask16>((1U << left) - 1), from + i);
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), (__m256i)_mm512_cvtneps_pbh(numbers));
  }
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

AmxExpander::AmxExpander(const AmxConvShape& shape, const AmxGeometry& geometry, char* memory)
    : shape_(shape),
      geometry_(geometry),
      lines_(memory),
      nothing_(lines_ + shape.filter_height * geometry.line_bytes),
      pixels_(nothing_ + geometry.line_bytes) {
  // What stands before and behind a row of the image is never written again.
  std::memset(lines_, 0, static_cast<size_t>((shape.filter_height + 1) * geometry.line_bytes));
  FindParts();
}

void AmxExpander::FindParts() {
  const int64_t seen = shape_.filter_width * shape_.in_channels;  // numbers of one line
  size_t part = 0;
  for (int64_t at = 0, reg = 0; at < geometry_.pixel_bytes / 2; at += kNumbers, ++reg) {
    parts_of_[static_cast<size_t>(reg)] = static_cast<int64_t>(part);
    for (int64_t line = at / seen; line < shape_.filter_height && line * seen < at + kNumbers; ++line) {
      const int64_t first = std::max<int64_t>(line * seen - at, 0);
      const int64_t last = std::min<int64_t>((line + 1) * seen - at, kNumbers);
      const uint64_t numbers = (uint64_t{1} << last) - (uint64_t{1} << first);
      parts_[part++] = {line, (at - line * seen) * 2, static_cast<uint32_t>(numbers)};
    }
    parts_of_[static_cast<size_t>(reg) + 1] = static_cast<int64_t>(part);
  }
}

void AmxExpander::Begin(const float* image) {
  image_ = image;
  converted_ = -1;
}

SLIMNET_AMX void AmxExpander::Convert(int64_t y) {
  const int64_t row = shape_.width * shape_.in_channels;
  Narrow(Line(y) + shape_.left * shape_.in_channels * 2, image_ + y * row, row);
}

SLIMNET_AMX const char* AmxExpander::Expand(int64_t row) {
  const AmxConvShape& s = shape_;
  const int64_t top = row * s.stride_down - s.top;
  const int64_t end = std::min(top + s.filter_height, s.height);
  for (int64_t y = std::max({top, converted_, int64_t{0}}); y < end; ++y) Convert(y);
  converted_ = std::max(converted_, end);

  std::array<const char*, kMostParts> from{};
  const int64_t registers = geometry_.pixel_bytes / kTileRowBytes;
  for (int64_t i = 0; i < parts_of_[static_cast<size_t>(registers)]; ++i) {
    const Part& part = parts_[static_cast<size_t>(i)];
    const int64_t y = top + part.line;
    from[static_cast<size_t>(i)] = (y >= 0 && y < s.height ? Line(y) : nothing_) + part.offset;
  }
  const int64_t step = s.stride_across * s.in_channels * 2;
  char* to = pixels_;
  for (int64_t x = 0; x < s.out_width; ++x) {
    size_t i = 0;
    for (int64_t reg = 0; reg < registers; ++reg, to += kTileRowBytes) {
      __m512i numbers = _mm512_setzero_si512();
      for (const auto next = static_cast<size_t>(parts_of_[static_cast<size_t>(reg) + 1]); i < next; ++i) {
        // What the mask leaves out is not read: it may lie outside of the line.
        numbers = _mm512_mask_loadu_epi16(numbers, parts_[i].numbers, from[i] + x * step);
      }
      _mm512_store_si512(to, numbers);
    }
  }
  return pixels_;
}

}  // namespace slimnet::cpu

#endif
