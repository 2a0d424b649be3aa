// How the input of a convolution on the matrix unit is brought into order (geometry.h).
#pragma once

#include <array>

#include "backends/cpu/amx/geometry.h"

namespace slimnet::cpu {

// Rows [begin, end) of the planes of one image.
void CopyAmxPlanes(const AmxConvShape& shape, const AmxGeometry& geometry, const char* image, int64_t begin,
                   int64_t end, char* planes);

// What the pixels of one output row after the other see of an image of float32, as bfloat16.
class AmxLines {
 public:
  // Pixel x of a row begins at pixels + x * pixel_bytes; what it sees in row i of the filter is at taps[i] from there.
  struct Row {
    const char* pixels;
    int64_t pixel_bytes;
  };

  // `memory`: AmxCopyBytes() of it.
  AmxLines(const AmxConvShape& shape, const AmxGeometry& geometry, char* memory);

  void Begin(const float* image);
  // Output row `row`, which is not before the one of the last call since Begin. Sets the filter's height of taps.
  Row Take(int64_t row, int64_t* taps);

 private:
  char* Line(int64_t y) { return lines_ + y % shape_.filter_height * geometry_.line_bytes; }
  // What stands in a line beside what a pixel sees meets zeros of the filter. That is nothing as long as it is finite.
  bool AllFinite(int64_t top) const;
  Row WriteOut(const int64_t* taps);

  const AmxConvShape& shape_;
  const AmxGeometry& geometry_;
  const float* image_ = nullptr;
  int64_t rounded_ = 0;  // rows of the image before this one have been
  char* lines_;
  char* nothing_;  // a line of zeros
  char* pixels_;
  std::array<bool, kMostAmxTaps> finite_{};  // by line
};

}  // namespace slimnet::cpu
