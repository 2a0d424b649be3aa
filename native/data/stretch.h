// What the resize methods share: one dimension at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "data/resize.h"

namespace slimnet {

// The wanted rows or columns of a side that is resized from `in` pixels to `resized`.
struct Stretch {
  int64_t in;
  int64_t resized;
  int64_t first;
  int64_t count;
  bool reversed;

  float scale() const { return static_cast<float>(in) / static_cast<float>(resized); }
  // Calls use(k, i) for the k-th of them, which is place i of the resized side.
  template <typename Use>
  void ForEach(Use use) const {
    for (int64_t k = 0; k < count; ++k) use(static_cast<size_t>(k), first + (reversed ? count - 1 - k : k));
  }
};

inline Stretch RowsOf(const ImageView& image, const Resampling& r) {
  return {image.height, r.resized.height, r.window.top, r.window.height, false};
}

inline Stretch ColumnsOf(const ImageView& image, const Resampling& r) {
  return {image.width, r.resized.width, r.window.left, r.window.width, r.flip};
}

// The pixels at the crossings of some rows and columns.
inline void TakePixels(const ImageView& image, const std::vector<int64_t>& rows, const std::vector<int64_t>& columns,
                       float byte_scale, float* out) {
  const int step = image.channel_step();
  for (const int64_t y : rows) {
    const uint8_t* row = image.row(y);
    for (const int64_t x : columns) {
      for (int c = 0; c < 3; ++c) *out++ = static_cast<float>(row[x * image.channels + c * step]) * byte_scale;
    }
  }
}

}  // namespace slimnet
