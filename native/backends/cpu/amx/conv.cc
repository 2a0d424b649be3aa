#include "backends/cpu/amx/conv.h"

#include <algorithm>
#include <array>
#include <utility>

#include "backends/cpu/amx/geometry.h"

#if defined(__x86_64__)

#include "backends/cpu/amx/block.h"
#include "backends/cpu/amx/copy.h"

namespace slimnet::cpu {
namespace {

// Where a block's input is smaller, the first-level cache has room for the filter as well.
constexpr int64_t kPassingBytes = 12 << 10;
// The filter must be read a few times for it to be in the second-level cache.
constexpr int64_t kPassingRows = 4 * kBlockRows;

// Everything that one part works with.
struct Work {
  const AmxConvShape& shape;
  const AmxGeometry& g;
  const AmxSplit split;
  const AmxConvTail& tail;
  const char* x;
  const char* packed;
  char* y;
  char* sums;    // of blocks that wait
  char* copies;  // of images
  std::array<int64_t, kMostAmxTaps> taps{};
  Waiting waiting{};
  int64_t turn = 0;   // counts rows of blocks
  int64_t place = 0;  // of the latest sums, where blocks take turns
  alignas(64) std::array<std::array<int32_t, kBlockRows>, 2> targets{};
};

// Some of the result: output rows of all images, counted through, and blocks of output channels.
struct Rectangle {
  int64_t first_row, last_row;
  int64_t first_block, last_block;
};

// Positions [begin, end) of flattened planes at `x`; position 0 is output pixel `first`.
struct Span {
  const char* x;
  int64_t pixel_bytes;
  int64_t begin, end;
  int64_t pitch;
  int64_t first;
};

template <class K>
SLIMNET_AMX_INLINE void ComputeSpan(Work& w, const Span& span, int64_t first_block, int64_t last_block) {
  const AmxGeometry& g = w.g;
  const int64_t width = w.shape.out_width;
  const int64_t out_pitch = w.shape.out_channels * K::kOutBytes;
  const int64_t steps = g.taps * g.piece_steps;
  const int64_t piece_panel = steps * 2 * kTileBytes;
  // Rows to finish after each step, so that the block before is done when this one is.
  const int64_t finish = RoundUp(CeilDivide(kBlockRows, steps), 2);
  // Only what the second-level cache has can pass by the first.
  const bool passes = g.seen_bytes > kPassingBytes && span.end - span.begin >= kPassingRows;
  int64_t configured = 0;
  for (int64_t at = span.begin; at < span.end; at += kBlockRows) {
    const int64_t count = std::min(kBlockRows, span.end - at);
    if (count != configured) {
      Configure(std::min(count, kTileRows), count > kTileRows ? count - kTileRows : kTileRows);
      configured = count;
    }
    ++w.turn;
    Rows rows{count, span.first + at, nullptr};
    if (span.pitch != width) {
      int32_t* targets = w.targets[static_cast<size_t>(w.turn & 1)].data();
      int64_t row = at / span.pitch;
      int64_t column = at % span.pitch;
      for (int64_t r = 0; r < count; ++r) {
        targets[r] = column < width ? static_cast<int32_t>(span.first + row * width + column) : -1;
        if (++column == span.pitch) column = 0, ++row;
      }
      rows.targets = targets;
    }
    for (int64_t piece = 0; piece < g.pieces; ++piece) {
      for (int64_t block = first_block; block < last_block; ++block) {
        const int64_t channel = block * kAmxBlockChannels;
        // With one piece two blocks take turns: the one is finished while the other is computed.
        const int64_t place = g.pieces == 1 ? (w.place ^= 1) : block - first_block;
        BlockProduct p{.x = span.x + at * span.pixel_bytes + piece * g.piece_steps * kTileRowBytes,
                       .pixel_bytes = span.pixel_bytes,
                       .taps = w.taps.data(),
                       .tap_count = g.taps,
                       .steps = g.piece_steps,
                       .filter = w.packed + block * g.panel_bytes + piece * piece_panel,
                       .goes_on = piece > 0,
                       .sums = w.sums + place * kBlockRows * kSumRowBytes};
        char* const out = w.y + channel * K::kOutBytes;
        // A block's own sums may still wait to be finished when they are about to be overwritten.
        if (w.waiting.sums == p.sums) Finish<K>(w.waiting, kBlockRows, w.tail.addend_scale);
        if (count <= kTileRows) {
          Multiply<K, false, false>(p, w.waiting, finish, w.tail.addend_scale);
        } else if (passes) {
          Multiply<K, true, true>(p, w.waiting, finish, w.tail.addend_scale);
        } else {
          Multiply<K, true, false>(p, w.waiting, finish, w.tail.addend_scale);
        }
        if (piece + 1 < g.pieces) continue;
        w.waiting.sums = p.sums;
        w.waiting.rows = rows;
        w.waiting.next = 0;
        w.waiting.out = out;
        w.waiting.pitch = out_pitch;
        w.waiting.bias = w.tail.bias + channel;
        w.waiting.scale = K::kScales ? w.tail.scale + channel : nullptr;
        if constexpr (K::kNormalizes) {
          w.waiting.to_second = static_cast<const char*>(w.tail.normalized) - w.y;
          w.waiting.norm_bias = w.tail.norm_bias + channel;
          w.waiting.norm_scale = w.tail.norm_scale + channel;
        }
        if constexpr (K::kOutput == AmxNumber::kFloat32) {
          const int64_t channels = std::min(w.shape.out_channels - channel, kAmxBlockChannels);
          w.waiting.channels = static_cast<uint32_t>((uint64_t{1} << channels) - 1);
        }
      }
    }
  }
}

// The images as they are: rows of all of them are one long row.
template <class K>
SLIMNET_AMX_INLINE void ComputeInPlace(Work& w, const Rectangle& r) {
  const int64_t begin = r.first_row * w.shape.width;
  const int64_t end = r.last_row * w.shape.width;
  const bool once = w.split.blocks_at_once >= r.last_block - r.first_block;
  const int64_t cached = std::max(kAmxCacheBytes / w.g.pixel_bytes / kBlockRows, int64_t{1}) * kBlockRows;
  const int64_t group = once ? end - begin : cached;
  for (int64_t at = begin; at < end; at += group) {
    for (int64_t block = r.first_block; block < r.last_block; block += w.split.blocks_at_once) {
      ComputeSpan<K>(w, {w.x, w.g.pixel_bytes, at, std::min(at + group, end), w.shape.width, 0}, block,
                     std::min(block + w.split.blocks_at_once, r.last_block));
    }
  }
}

// Output rows of one image, [first, second), within some of all images.
std::pair<int64_t, int64_t> RowsOf(const AmxConvShape& s, const Rectangle& r, int64_t image) {
  return {std::max(r.first_row - image * s.out_height, int64_t{0}),
          std::min(r.last_row - image * s.out_height, s.out_height)};
}

template <class K>
SLIMNET_AMX_INLINE void ComputePlanes(Work& w, const Rectangle& r) {
  const AmxConvShape& s = w.shape;
  const AmxPlanes& planes = w.g.planes;
  const int64_t reach = (s.filter_height - 1) * s.dilation_down / s.stride_down + 1;
  const int64_t last_image = CeilDivide(r.last_row, s.out_height);
  for (int64_t group = r.first_row / s.out_height; group < last_image; group += w.split.images_at_once) {
    const int64_t group_end = std::min(group + w.split.images_at_once, last_image);
    const auto copy_of = [&](int64_t image) { return w.copies + (image - group) * w.g.image_bytes(); };
    for (int64_t image = group; image < group_end; ++image) {
      const auto [begin, end] = RowsOf(s, r, image);
      CopyAmxPlanes(s, w.g, w.x + image * s.height * s.width * w.g.pixel_bytes, begin,
                    std::min(end + reach, planes.rows), copy_of(image));
    }
    for (int64_t block = r.first_block; block < r.last_block; block += w.split.blocks_at_once) {
      for (int64_t image = group; image < group_end; ++image) {
        const auto [begin, end] = RowsOf(s, r, image);
        const Span span{.x = copy_of(image),
                        .pixel_bytes = w.g.pixel_bytes,
                        .begin = begin * planes.pitch,
                        .end = (end - 1) * planes.pitch + s.out_width,
                        .pitch = planes.pitch,
                        .first = image * s.out_height * s.out_width};
        ComputeSpan<K>(w, span, block, std::min(block + w.split.blocks_at_once, r.last_block));
      }
    }
  }
}

template <class K>
SLIMNET_AMX_INLINE void ComputeLines(Work& w, const Rectangle& r) {
  const AmxConvShape& s = w.shape;
  AmxLines lines(s, w.g, w.copies);
  for (int64_t image = r.first_row / s.out_height; image * s.out_height < r.last_row; ++image) {
    lines.Begin(reinterpret_cast<const float*>(w.x) + image * s.height * s.width * s.in_channels);
    const auto [begin, end] = RowsOf(s, r, image);
    for (int64_t row = begin; row < end; ++row) {
      const auto [pixels, pixel_bytes] = lines.Take(row, w.taps.data());
      const Span span{pixels, pixel_bytes, 0, s.out_width, s.out_width, (image * s.out_height + row) * s.out_width};
      ComputeSpan<K>(w, span, r.first_block, r.last_block);
    }
  }
}

std::array<int64_t, kMostAmxTaps> TapOffsets(const AmxConvShape& s, const AmxGeometry& g) {
  std::array<int64_t, kMostAmxTaps> taps{};
  if (g.form != AmxInput::kPlanes) return taps;
  for (int64_t tap = 0; tap < s.taps(); ++tap) {
    const int64_t dy = tap / s.filter_width * s.dilation_down;
    const int64_t dx = tap % s.filter_width * s.dilation_across;
    const int64_t phase = dy % s.stride_down * g.planes.across + dx % s.stride_across;
    const int64_t pixel = dy / s.stride_down * g.planes.pitch + dx / s.stride_across;
    taps[static_cast<size_t>(tap)] = phase * g.planes.plane_bytes + pixel * g.pixel_bytes;
  }
  return taps;
}

template <class K>
SLIMNET_AMX void Compute(const AmxConvShape& s, const void* x, const void* packed, const AmxConvTail& tail, void* y,
                         void* scratch, int part, int parts) {
  const AmxGeometry g = AmxGeometryOf(s, K::kInput);
  const AmxSplit split = AmxSplitOf(s, g, parts);
  const auto share = [&](int64_t count, int64_t index) { return count * index / parts; };
  Rectangle r{0, s.batch * s.out_height, 0, g.blocks};
  if (split.channels) {
    r = {0, r.last_row, share(g.blocks, part), share(g.blocks, part + 1)};
  } else {
    r = {share(r.last_row, part), share(r.last_row, part + 1), 0, g.blocks};
  }
  if (r.first_row == r.last_row || r.first_block == r.last_block) return;
  auto* const memory = static_cast<char*>(scratch);
  Work w{.shape = s,
         .g = g,
         .split = split,
         .tail = tail,
         .x = static_cast<const char*>(x),
         .packed = static_cast<const char*>(packed),
         .y = static_cast<char*>(y),
         .sums = memory,
         .copies = memory + AmxSumsBytes(g, split),
         .taps = TapOffsets(s, g)};
  if constexpr (K::kInput == AmxNumber::kFloat32) {
    ComputeLines<K>(w, r);
  } else if (g.form == AmxInput::kInPlace) {
    ComputeInPlace<K>(w, r);
  } else {
    ComputePlanes<K>(w, r);
  }
  Finish<K>(w.waiting, kBlockRows, w.tail.addend_scale);
  _tile_release();
}

using Run = void (*)(const AmxConvShape&, const void*, const void*, const AmxConvTail&, void*, void*, int, int);

template <AmxNumber kIn, AmxNumber kOut, AmxNumber kAddend>
constexpr Run kNormalizing = Compute<Kind<kIn, kOut, true, kAddend, false, true>>;

template <AmxNumber kIn, AmxNumber kOut, bool kAdd, AmxNumber kAddend>
Run RunOf(bool relu) {
  return relu ? Compute<Kind<kIn, kOut, kAdd, kAddend, true>> : Compute<Kind<kIn, kOut, kAdd, kAddend, false>>;
}

template <AmxNumber kIn>
Run RunOfWhole(const AmxConvKind& kind) {
  constexpr AmxNumber kS = AmxNumber::kInt8;
  constexpr AmxNumber kU = AmxNumber::kUInt8;
  if (kind.normalizes) return kind.addend == kU ? kNormalizing<kIn, kS, kU> : kNormalizing<kIn, kS, kS>;
  if (kind.output == AmxNumber::kFloat32) return RunOf<kIn, AmxNumber::kFloat32, false, kU>(kind.relu);
  if (kind.output == kU) {
    if (!kind.adds) return RunOf<kIn, kU, false, kU>(kind.relu);
    return kind.addend == kU ? RunOf<kIn, kU, true, kU>(kind.relu) : RunOf<kIn, kU, true, kS>(kind.relu);
  }
  if (!kind.adds) return RunOf<kIn, kS, false, kU>(kind.relu);
  return kind.addend == kU ? RunOf<kIn, kS, true, kU>(kind.relu) : RunOf<kIn, kS, true, kS>(kind.relu);
}

Run RunOfFloat32(const AmxConvKind& kind) {
  constexpr AmxNumber kF = AmxNumber::kFloat32;
  if (kind.output == AmxNumber::kBFloat16) return RunOf<kF, AmxNumber::kBFloat16, false, kF>(kind.relu);
  if (kind.output == AmxNumber::kUInt8) return RunOf<kF, AmxNumber::kUInt8, false, kF>(kind.relu);
  return RunOf<kF, AmxNumber::kInt8, false, kF>(kind.relu);
}

Run RunOf(const AmxConvKind& kind) {
  constexpr AmxNumber kB = AmxNumber::kBFloat16;
  if (kind.input == AmxNumber::kFloat32) return RunOfFloat32(kind);
  if (kind.input == AmxNumber::kUInt8) return RunOfWhole<AmxNumber::kUInt8>(kind);
  if (kind.input == AmxNumber::kInt8) return RunOfWhole<AmxNumber::kInt8>(kind);
  if (kind.output == AmxNumber::kFloat32) return RunOf<kB, AmxNumber::kFloat32, false, kB>(kind.relu);
  if (kind.normalizes) return kNormalizing<kB, kB, kB>;
  return kind.adds ? RunOf<kB, kB, true, kB>(kind.relu) : RunOf<kB, kB, false, kB>(kind.relu);
}

}  // namespace

void AmxConv(const AmxConvShape& shape, const AmxConvKind& kind, const void* x, const void* packed,
             const AmxConvTail& tail, void* y, void* scratch, int part, int parts) {
  RunOf(kind)(shape, x, packed, tail, y, scratch, part, parts);
}

}  // namespace slimnet::cpu

#else

namespace slimnet::cpu {

void AmxConv(const AmxConvShape&, const AmxConvKind&, const void*, const void*, const AmxConvTail&, void*, void*, int,
             int) {}

}  // namespace slimnet::cpu

#endif

namespace slimnet::cpu {

bool AmxConvTakes(const AmxConvShape& s, const AmxConvKind& kind) {
#if !defined(__x86_64__)
  return false;
#endif
  const auto is_whole = [](AmxNumber number) { return number == AmxNumber::kUInt8 || number == AmxNumber::kInt8; };
  const bool expands = kind.input == AmxNumber::kFloat32;
  const bool whole = is_whole(kind.input);
  if (kind.output == AmxNumber::kFloat32) {
    if (kind.adds || expands) return false;
  } else if ((!expands && whole != is_whole(kind.output)) || s.out_channels % kAmxBlockChannels != 0) {
    return false;
  }
  // What pre-activation networks have.
  if (kind.normalizes && (!kind.adds || kind.relu || kind.output == AmxNumber::kUInt8)) return false;
  if (kind.adds && (expands || kind.addend == AmxNumber::kFloat32 || whole != is_whole(kind.addend))) return false;
  if (s.taps() > kMostAmxTaps || s.batch * s.out_height * s.out_width * s.out_channels * s.in_channels == 0) {
    return false;
  }
  if (expands) {
    // What a pixel sees of one row of the image fits into a register.
    return s.dilation_down == 1 && s.dilation_across == 1 && s.filter_width * s.in_channels <= 32;
  }
  if (s.in_channels * BytesOf(kind.input) % kTileRowBytes != 0) return false;
  // Phases of taps that jump are not thought through.
  return (s.dilation_down == 1 || s.stride_down == 1) && (s.dilation_across == 1 || s.stride_across == 1);
}

size_t AmxConvScratch(const AmxConvShape& s, const AmxConvKind& kind, int threads) {
  const AmxGeometry g = AmxGeometryOf(s, kind.input);
  const AmxSplit split = AmxSplitOf(s, g, threads);
  return static_cast<size_t>(RoundUp(AmxSumsBytes(g, split) + AmxCopyBytes(s, g, split), 64));
}

}  // namespace slimnet::cpu
