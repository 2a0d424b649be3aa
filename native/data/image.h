// Decoded pictures and parts of them.
#pragma once

#include <cstdint>

namespace slimnet {

struct ImageSize {
  int64_t height = 0;
  int64_t width = 0;
};

// A rectangle of pixels.
struct Box {
  int64_t top = 0;
  int64_t left = 0;
  int64_t height = 0;
  int64_t width = 0;

  ImageSize size() const { return {height, width}; }
};

// Decoded pixels, 8 bits a channel: rows of 1 (grey) or 3 (RGB) interleaved channels.
struct ImageView {
  const uint8_t* pixels = nullptr;
  int64_t height = 0;
  int64_t width = 0;
  int channels = 3;
  int64_t row_bytes = 0;  // from one row to the next

  ImageSize size() const { return {height, width}; }
  // The three channels of a pixel; all of a grey one are the same.
  int channel_step() const { return channels == 1 ? 0 : 1; }
  const uint8_t* row(int64_t y) const { return pixels + y * row_bytes; }
  ImageView Part(const Box& box) const {
    return {row(box.top) + box.left * channels, box.height, box.width, channels, row_bytes};
  }
};

}  // namespace slimnet
