// Winograd's minimal filtering F(4x4, 3x3) (Lavin & Gray, arXiv:1509.09308): a 3x3 convolution of stride 1 in 36
// products for 16 results instead of 144. These are its three transforms; the 36 matrix products between them are
// somebody else's.
//
//   filter [3,3,IC,OC] -> u [36,IC,OC]    image -> v [36,IC/slice,T,slice]    m = v x u: [36,T,OC]    m -> result
//
// A tile is 4x4 pixels of the result; tiles are counted row by row, image after image. The channels of v lie in slices,
// each of which is summed by itself: see Shape::slice.
#pragma once

#include <cstdint>

namespace slimnet::cpu::winograd {

inline constexpr int64_t kTile = 4;
inline constexpr int64_t kProducts = 36;
// Channels that the transforms take at once: the channels of both sides are multiples of it.
inline constexpr int64_t kChannels = 16;
// Channels of a slice: no more, and no fewer than half as many, where they can be divided so.
inline constexpr int64_t kMostOfSlice = 128;

struct Shape {
  int64_t batch, height, width, in_channels;
  int64_t out_height, out_width, out_channels;
  int64_t top, left;  // zero padding before the image; what lies behind it is zero as well

  // Input channels that are summed one after the other; the sums of the slices are added then. A single sum of all of
  // them is where Winograd's method loses most of its digits: with 512 channels in slices of 128 it rounds as a direct
  // convolution does, without them twice as much.
  int64_t slice() const;

  int64_t tiles_down() const { return (out_height + kTile - 1) / kTile; }
  int64_t tiles_across() const { return (out_width + kTile - 1) / kTile; }
  int64_t tiles() const { return batch * tiles_down() * tiles_across(); }
};

inline int64_t Shape::slice() const {
  const int64_t blocks = in_channels / kChannels;
  for (int64_t slices = (in_channels + kMostOfSlice - 1) / kMostOfSlice; 2 * in_channels >= slices * kMostOfSlice;
       ++slices) {
    if (blocks % slices == 0) return in_channels / slices;
  }
  return in_channels;
}

// Some of the tiles: [begin, end) of all, in a buffer of 36 matrices with `rows` rows each whose first row is tile
// `first`.
struct Tiles {
  int64_t first, rows, begin, end;
};

// What follows the convolution. Null pointers are left out; `addend` has the result's shape and may be the result.
struct Tail {
  const float* bias = nullptr;
  const float* addend = nullptr;
  enum class Activation { kNone, kRelu, kRelu6 } activation = Activation::kNone;
};

// Rows [begin, end) of IC. Computed in double: it is done once.
void TransformFilter(const float* filter, int64_t in_channels, int64_t out_channels, int64_t begin, int64_t end,
                     float* u);
void TransformInput(const Shape& shape, const Tiles& tiles, const float* x, float* v);
void TransformOutput(const Shape& shape, const Tiles& tiles, const float* m, const Tail& tail, float* y);

}  // namespace slimnet::cpu::winograd
