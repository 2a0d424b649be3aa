#include <algorithm>

#include "backends/cpu/amx/conv.h"
#include "backends/cpu/amx/geometry.h"
#include "base/half.h"

namespace slimnet::cpu {
namespace {

// Every `group`-th element of a row of a tile; zeros stand for channels that are missing.
template <class From, class To, class Convert>
void PackRow(const From* from, int64_t channels, int64_t group, To* to, const Convert& convert) {
  if (channels == kTileRows) {
    for (int64_t c = 0; c < kTileRows; ++c) to[c * group] = convert(from[c]);
    return;
  }
  for (int64_t c = 0; c < kTileRows; ++c) to[c * group] = c < channels ? convert(from[c]) : To{};
}

// [block][piece][tap][step][tile of 16 channels][row][channel][4 bytes]: a row of a tile holds 4 bytes of input
// channels for each output channel.
template <class From, class To, class Convert>
void Pack(const AmxPacking& p, const From* filter, int64_t begin, int64_t end, To* packed, const Convert& convert) {
  constexpr int64_t kGroup = 4 / sizeof(To);
  constexpr int64_t kTile = kTileBytes / sizeof(To);
  const int64_t rows = p.in_channels / p.pieces / kGroup;  // of tiles, in a piece
  To* to = packed + begin * p.taps * p.in_channels * kAmxBlockChannels;
  for (int64_t block = begin; block < end; ++block) {
    for (int64_t piece = 0; piece < p.pieces; ++piece) {
      for (int64_t tap = 0; tap < p.taps; ++tap, to += rows * 2 * kTileRows * kGroup) {
        for (int64_t row = 0; row < rows; ++row) {
          const int64_t channel = (piece * rows + row) * kGroup;
          const From* from = filter + (tap * p.filled + channel) * p.out_channels + block * kAmxBlockChannels;
          To* line = to + row / kTileRows * 2 * kTile + row % kTileRows * kTileRows * kGroup;
          for (int64_t half = 0; half < 2; ++half, line += kTile, from += kTileRows) {
            const int64_t channels = p.out_channels - block * kAmxBlockChannels - half * kTileRows;
            for (int64_t i = 0; i < kGroup; ++i) {
              const bool is_there = channel + i < p.filled;
              PackRow(from + i * p.out_channels, is_there ? std::clamp<int64_t>(channels, 0, kTileRows) : 0, kGroup,
                      line + i, convert);
            }
          }
        }
      }
    }
  }
}

}  // namespace

std::string AmxPacking::name() const { return (whole ? "int8:" : "bfloat16:") + std::to_string(pieces); }

AmxPacking AmxPackingOf(const AmxConvShape& s, AmxNumber input) {
  const AmxGeometry g = AmxGeometryOf(s, input);
  const bool whole = input == AmxNumber::kUInt8 || input == AmxNumber::kInt8;
  return {.whole = whole,
          .taps = g.taps,
          .in_channels = g.steps * kTileRowBytes / (whole ? 1 : 2),
          .filled = s.taps() * s.in_channels / g.taps,
          .out_channels = s.out_channels,
          .pieces = g.pieces};
}

void PackAmxFilter(const AmxPacking& packing, const float* filter, int64_t begin, int64_t end, void* packed) {
  Pack(packing, filter, begin, end, static_cast<BFloat16*>(packed), [](float value) { return ToBFloat16(value); });
}

void PackAmxFilter(const AmxPacking& packing, const int8_t* filter, int64_t begin, int64_t end, void* packed) {
  Pack(packing, filter, begin, end, static_cast<int8_t*>(packed), [](int8_t value) { return value; });
}

}  // namespace slimnet::cpu
