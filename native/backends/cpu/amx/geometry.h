// How a convolution on the matrix unit is laid out: what is copied where, and who computes what (conv.h).
#pragma once

#include <cstddef>
#include <cstdint>

#include "backends/cpu/amx/conv.h"

namespace slimnet::cpu {

inline constexpr int64_t kTileRows = 16;
inline constexpr int64_t kTileBytes = 1024;  // 16 rows of 64 bytes
inline constexpr int64_t kTileRowBytes = 64;
inline constexpr int64_t kBlockRows = 2 * kTileRows;  // output pixels of a block
inline constexpr int64_t kSumBytes = 4;
inline constexpr int64_t kSumRowBytes = kAmxBlockChannels * kSumBytes;  // sums of an output pixel of a block
// What a core keeps in its second-level cache of a filter, and of the images that it works on.
inline constexpr int64_t kAmxCacheBytes = 768 << 10;

constexpr int64_t BytesOf(AmxNumber number) {
  switch (number) {
    case AmxNumber::kFloat32:
      return 4;
    case AmxNumber::kBFloat16:
      return 2;
    default:
      return 1;
  }
}

constexpr int64_t CeilDivide(int64_t a, int64_t b) { return (a + b - 1) / b; }
constexpr int64_t RoundUp(int64_t a, int64_t b) { return CeilDivide(a, b) * b; }

// How the pixels of an image are brought into an order in which those of a block lie at equal distances.
enum class AmxInput : uint8_t {
  kInPlace,  // they do: one tap of stride 1
  kPlanes,   // the image is copied, with its padding and split by the phases of the stride
  kLines,    // float32 with few channels: rows of the image are rounded to bfloat16. A tap is a whole row of the filter
};

// An image as planes: `down` times `across` phases of the stride. Where the stride is 1 there is a single one, in which
// the padding at the end of a row is the padding at the beginning of the next.
struct AmxPlanes {
  int64_t down = 1, across = 1;
  int64_t pitch = 0;  // pixels of a row
  int64_t rows = 0;   // of a plane
  int64_t plane_bytes = 0;

  int64_t bytes() const { return down * across * plane_bytes; }
};

struct AmxGeometry {
  AmxInput form = AmxInput::kInPlace;
  AmxPlanes planes;     // of kPlanes
  int64_t line_bytes;   // of kLines: a row of the image with its padding
  int64_t taps;         // as the loops see them
  int64_t steps;        // of 64 bytes, for each tap
  int64_t pixel_bytes;  // from one pixel of a block to the next
  int64_t pieces;       // into which the input channels are cut
  int64_t piece_steps;  // steps of 64 bytes in a piece
  int64_t blocks;       // of output channels
  int64_t panel_bytes;  // the filter of a block of output channels
  int64_t seen_bytes;   // of the input, by a piece of a block

  // Bytes of an image as it is copied.
  int64_t image_bytes() const { return form == AmxInput::kPlanes ? RoundUp(planes.bytes(), 64) : 0; }
};

AmxGeometry AmxGeometryOf(const AmxConvShape& shape, AmxNumber input);

// How the parts share the work, and how much one of them takes at once.
struct AmxSplit {
  bool channels = false;  // each part has some of the output channels, else some of the output rows
  int64_t blocks_at_once = 1;
  int64_t images_at_once = 1;
};

AmxSplit AmxSplitOf(const AmxConvShape& shape, const AmxGeometry& geometry, int parts);

// Scratch memory of a part: sums of blocks that wait to be finished, then copies of images.
int64_t AmxSumsBytes(const AmxGeometry& geometry, const AmxSplit& split);
int64_t AmxCopyBytes(const AmxConvShape& shape, const AmxGeometry& geometry, const AmxSplit& split);

}  // namespace slimnet::cpu
