// The matrix unit in software, so that its loops can be tested on processors that lack it: what the intrinsics of tiles
// do, by their documentation (Intel, Architecture Instruction Set Extensions Programming Reference, chapter 3). To be
// included before what uses them, and by no file that is to use the unit itself.
#pragma once

#include <immintrin.h>

#include <array>
#include <bit>
#include <cstdint>
#include <cstring>

namespace slimnet::testing {

class SoftwareTiles {
 public:
  void Configure(const void* config) {
    const auto* bytes = static_cast<const uint8_t*>(config);
    for (size_t t = 0; t < tiles_.size(); ++t) {
      std::memcpy(&tiles_[t].column_bytes, bytes + 16 + 2 * t, sizeof(uint16_t));
      tiles_[t].rows = bytes[48 + t];
      tiles_[t].data = {};
    }
  }

  void Zero(size_t tile) { tiles_[tile].data = {}; }

  void Load(size_t tile, const void* from, int64_t stride) {
    Tile& t = tiles_[tile];
    t.data = {};
    for (size_t r = 0; r < t.rows; ++r) {
      std::memcpy(t.data[r].data(), static_cast<const char*>(from) + static_cast<int64_t>(r) * stride, t.column_bytes);
    }
  }

  void Store(size_t tile, void* to, int64_t stride) const {
    const Tile& t = tiles_[tile];
    for (size_t r = 0; r < t.rows; ++r) {
      std::memcpy(static_cast<char*>(to) + static_cast<int64_t>(r) * stride, t.data[r].data(), t.column_bytes);
    }
  }

  void MultiplyBFloat16(size_t sum, size_t a, size_t b) {
    const auto wide = [](uint16_t bits) { return std::bit_cast<float>(static_cast<uint32_t>(bits) << 16); };
    Multiply<float, uint16_t, uint16_t>(sum, a, b,
                                        [&](float s, uint16_t x, uint16_t y) { return s + wide(x) * wide(y); });
  }
  void MultiplyUnsigned(size_t sum, size_t a, size_t b) {
    Multiply<int32_t, uint8_t, int8_t>(sum, a, b, [](int32_t s, int x, int y) { return s + x * y; });
  }
  void MultiplySigned(size_t sum, size_t a, size_t b) {
    Multiply<int32_t, int8_t, int8_t>(sum, a, b, [](int32_t s, int x, int y) { return s + x * y; });
  }

 private:
  static constexpr size_t kRows = 16;
  static constexpr size_t kRowBytes = 64;

  struct Tile {
    size_t rows = 0;
    uint16_t column_bytes = 0;
    std::array<std::array<char, kRowBytes>, kRows> data{};
  };

  template <class T>
  static T At(const Tile& tile, size_t row, size_t column) {
    T value;
    std::memcpy(&value, tile.data[row].data() + column * sizeof(T), sizeof(T));
    return value;
  }

  // Row k of b holds, for each column, as many numbers as fit into four bytes.
  template <class Sum, class A, class B, class Step>
  void Multiply(size_t sum, size_t a, size_t b, const Step& step) {
    constexpr size_t kTogether = sizeof(Sum) / sizeof(A);
    Tile& c = tiles_[sum];
    for (size_t m = 0; m < c.rows; ++m) {
      for (size_t n = 0; n < c.column_bytes / sizeof(Sum); ++n) {
        Sum value = At<Sum>(c, m, n);
        for (size_t k = 0; k < tiles_[a].column_bytes / sizeof(A); ++k) {
          value = step(value, At<A>(tiles_[a], m, k), At<B>(tiles_[b], k / kTogether, n * kTogether + k % kTogether));
        }
        std::memcpy(c.data[m].data() + n * sizeof(Sum), &value, sizeof(Sum));
      }
    }
  }

  std::array<Tile, 8> tiles_;
};

// Each thread has a unit of its own, as with the hardware.
inline SoftwareTiles& TheTiles() {
  thread_local SoftwareTiles tiles;
  return tiles;
}

}  // namespace slimnet::testing

#undef _tile_loadd
#undef _tile_stream_loadd
#undef _tile_stored
#undef _tile_zero
#undef _tile_dpbf16ps
#undef _tile_dpbusd
#undef _tile_dpbssd
#define _tile_loadconfig(config) slimnet::testing::TheTiles().Configure(config)
#define _tile_release() static_cast<void>(0)
#define _tile_zero(tile) slimnet::testing::TheTiles().Zero(tile)
#define _tile_loadd(tile, from, stride) slimnet::testing::TheTiles().Load(tile, from, stride)
#define _tile_stream_loadd(tile, from, stride) slimnet::testing::TheTiles().Load(tile, from, stride)
#define _tile_stored(tile, to, stride) slimnet::testing::TheTiles().Store(tile, to, stride)
#define _tile_dpbf16ps(sum, a, b) slimnet::testing::TheTiles().MultiplyBFloat16(sum, a, b)
#define _tile_dpbusd(sum, a, b) slimnet::testing::TheTiles().MultiplyUnsigned(sum, a, b)
#define _tile_dpbssd(sum, a, b) slimnet::testing::TheTiles().MultiplySigned(sum, a, b)
