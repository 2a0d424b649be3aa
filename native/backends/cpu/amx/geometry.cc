#include "backends/cpu/amx/geometry.h"

#include <algorithm>

namespace slimnet::cpu {
namespace {

// A block's input stays in the first-level cache while the filter passes by: channels are cut into pieces for that.
constexpr int64_t kPieceBytes = 40 << 10;
constexpr int64_t kBFloat16Bytes = 2;

int64_t ReachDown(const AmxConvShape& s) { return (s.filter_height - 1) * s.dilation_down; }
int64_t ReachAcross(const AmxConvShape& s) { return (s.filter_width - 1) * s.dilation_across; }

bool IsInPlace(const AmxConvShape& s) {
  return s.taps() == 1 && s.stride_down == 1 && s.stride_across == 1 && s.top == 0 && s.left == 0 &&
         s.out_height == s.height && s.out_width == s.width;
}

AmxPlanes PlanesOf(const AmxConvShape& s, int64_t pixel_bytes) {
  AmxPlanes p;
  p.down = std::min(s.stride_down, ReachDown(s) + 1);
  p.across = std::min(s.stride_across, ReachAcross(s) + 1);
  p.pitch = s.stride_across == 1 ? std::max({s.left + s.width, s.out_width + ReachAcross(s) - s.left, s.out_width})
                                 : s.out_width + ReachAcross(s) / s.stride_across;
  // One more row takes what the last columns read beyond the end.
  p.rows = s.out_height + ReachDown(s) / s.stride_down + 1;
  p.plane_bytes = p.pitch * p.rows * pixel_bytes;
  return p;
}

// Input pixels that a block of output pixels sees.
int64_t SeenPixels(const AmxConvShape& s, const AmxGeometry& g) {
  if (g.form != AmxInput::kPlanes) return kBlockRows;
  const int64_t rows = ReachDown(s) / s.stride_down;
  const int64_t columns = ReachAcross(s) / s.stride_across;
  return (kBlockRows + rows * g.planes.pitch + columns) * g.planes.down * g.planes.across;
}

}  // namespace

AmxGeometry AmxGeometryOf(const AmxConvShape& s, AmxNumber input) {
  AmxGeometry g{};
  g.taps = s.taps();
  if (input == AmxNumber::kFloat32) {
    g.form = AmxInput::kLines;
    g.taps = s.filter_height;
    g.steps = 1;
    g.pixel_bytes = s.stride_across * s.in_channels * kBFloat16Bytes;
    const int64_t columns = (s.out_width - 1) * s.stride_across + s.filter_width;
    // Whole rows of tiles are read from it.
    g.line_bytes = RoundUp(std::max(columns, s.left + s.width) * s.in_channels * kBFloat16Bytes + kTileRowBytes, 64);
  } else {
    g.pixel_bytes = s.in_channels * BytesOf(input);
    g.steps = g.pixel_bytes / kTileRowBytes;
    if (!IsInPlace(s)) {
      g.form = AmxInput::kPlanes;
      g.planes = PlanesOf(s, g.pixel_bytes);
    }
  }
  const int64_t seen = SeenPixels(s, g);
  g.pieces = std::min(g.steps, CeilDivide(seen * g.pixel_bytes, kPieceBytes));
  while (g.steps % g.pieces != 0) ++g.pieces;
  g.piece_steps = g.steps / g.pieces;
  g.seen_bytes = seen * g.piece_steps * kTileRowBytes;
  g.blocks = AmxBlocks(s.out_channels);
  g.panel_bytes = g.taps * g.steps * 2 * kTileBytes;
  return g;
}

AmxSplit AmxSplitOf(const AmxConvShape& s, const AmxGeometry& g, int parts) {
  AmxSplit split;
  const int64_t filter = g.panel_bytes * g.blocks;
  const int64_t images = s.batch * s.height * s.width * g.pixel_bytes;
  split.channels = parts > 1 && filter > images && g.blocks >= 2 * parts;
  const int64_t blocks = split.channels ? CeilDivide(g.blocks, parts) : g.blocks;
  split.blocks_at_once = std::clamp<int64_t>(kAmxCacheBytes / g.panel_bytes, 1, blocks);
  if (split.blocks_at_once < blocks && g.image_bytes() > 0) {
    split.images_at_once = std::clamp<int64_t>(kAmxCacheBytes / g.image_bytes(), 1, s.batch);
  }
  return split;
}

int64_t AmxSumsBytes(const AmxGeometry& g, const AmxSplit& split) {
  return (g.pieces == 1 ? 2 : split.blocks_at_once) * kBlockRows * kSumRowBytes;
}

int64_t AmxCopyBytes(const AmxConvShape& s, const AmxGeometry& g, const AmxSplit& split) {
  // The lines that a row of output pixels sees, one of zeros, and a row of pixels that are written out.
  if (g.form == AmxInput::kLines) {
    return (s.filter_height + 1) * g.line_bytes + s.out_width * s.filter_height * kTileRowBytes;
  }
  return split.images_at_once * g.image_bytes();
}

}  // namespace slimnet::cpu
