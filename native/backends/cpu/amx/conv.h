// Convolutions of low precision on Intel's matrix unit (AMX): bfloat16, and 8-bit numbers, over channels-last images.
//
// A block of 32 output pixels times 32 output channels is computed at a time, in four tiles of the unit, as the sum
// over filter taps and input channels. So that the pixels of a block lie at equal distances in memory, images are
// copied first (geometry.h), unless the filter is a single tap of stride 1. Images of float32 with few channels are
// rounded to bfloat16 on the way: the first layer of a network.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace slimnet::cpu {

// Filters have no more taps.
inline constexpr int64_t kMostAmxTaps = 64;
// Output channels are computed in blocks of as many.
inline constexpr int64_t kAmxBlockChannels = 32;
constexpr int64_t AmxBlocks(int64_t out_channels) { return (out_channels + kAmxBlockChannels - 1) / kAmxBlockChannels; }

// How input or output numbers are stored.
enum class AmxNumber : uint8_t { kBFloat16, kUInt8, kInt8, kFloat32 };

struct AmxConvShape {
  int64_t batch, height, width, in_channels;
  int64_t out_height, out_width, out_channels;
  int64_t filter_height, filter_width;
  int64_t stride_down, stride_across;
  int64_t dilation_down, dilation_across;
  int64_t top, left;  // zero padding before the image; what lies behind it is zero as well

  int64_t taps() const { return filter_height * filter_width; }
};

struct AmxConvKind {
  AmxNumber input = AmxNumber::kBFloat16;
  AmxNumber output = AmxNumber::kBFloat16;
  // The result is added to what stands in its memory, stored so.
  bool adds = false;
  AmxNumber addend = AmxNumber::kBFloat16;
  bool relu = false;
  // A second result is made of the first, before that is rounded: times a factor, plus a term, and relu. It is stored
  // as bfloat16 beside bfloat16, as unsigned beside signed 8-bit numbers.
  bool normalizes = false;

  AmxNumber second() const { return output == AmxNumber::kBFloat16 ? output : AmxNumber::kUInt8; }
};

// What follows the products. The vectors have an element for each output channel, and more up to whole blocks.
struct AmxConvTail {
  const float* bias = nullptr;   // added, in units of the output's step
  const float* scale = nullptr;  // integers only: what a sum of 1 is, in units of the output's step
  float addend_scale = 0;        // integers only: what 1 of the addend is, in units of the output's step
  // The second result: its memory, and what makes a result in units of its own step of one in units of the output's.
  void* normalized = nullptr;
  const float* norm_scale = nullptr;
  const float* norm_bias = nullptr;
};

// Whether the loops can take it. Input channels come in whole tiles, or as few channels of float32; output channels in
// whole blocks, unless they are float32, which nothing is added to.
bool AmxConvTakes(const AmxConvShape& shape, const AmxConvKind& kind);

// How a filter [KH,KW,IC,OC] is packed: as bfloat16, or as signed 8-bit numbers.
struct AmxPacking {
  bool whole = false;
  int64_t taps = 0, in_channels = 0;  // as the loops see them
  int64_t filled = 0;                 // channels of the filter; zeros follow them
  int64_t out_channels = 0;
  int64_t pieces = 1;  // into which the input channels are cut

  int64_t blocks() const { return AmxBlocks(out_channels); }
  size_t bytes() const {
    return static_cast<size_t>(taps * in_channels * blocks() * kAmxBlockChannels * (whole ? 1 : 2));
  }
  std::string name() const;  // alike for filters of one shape that are packed alike: "bfloat16:2"
};

AmxPacking AmxPackingOf(const AmxConvShape& shape, AmxNumber input);

// Packs blocks [begin, end) of output channels of a row-major filter, which is rounded to bfloat16, or has been to
// integers.
void PackAmxFilter(const AmxPacking& packing, const float* filter, int64_t begin, int64_t end, void* packed);
void PackAmxFilter(const AmxPacking& packing, const int8_t* filter, int64_t begin, int64_t end, void* packed);

// Scratch memory for each of the threads between which the work is split.
size_t AmxConvScratch(const AmxConvShape& shape, const AmxConvKind& kind, int threads);

// Part `part` of `parts` of the result. `scratch` is this part's own. The process must have been granted the use of
// the tile registers.
void AmxConv(const AmxConvShape& shape, const AmxConvKind& kind, const void* x, const void* packed,
             const AmxConvTail& tail, void* y, void* scratch, int part, int parts);

}  // namespace slimnet::cpu
