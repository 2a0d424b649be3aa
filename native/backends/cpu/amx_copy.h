// How the input of a convolution on the matrix unit is brought into order (amx_geometry.h).
#pragma once

#include <array>

#include "backends/cpu/amx_geometry.h"

namespace slimnet::cpu {

// Rows [begin, end) of the planes of one image.
void CopyAmxPlanes(const AmxConvShape& shape, const AmxGeometry& geometry, const char* image, int64_t begin,
                   int64_t end, char* planes);

// What the pixels of one row after the other see of an image of float32.
class AmxExpander {
 public:
  // `memory`: AmxCopyBytes() of it.
  AmxExpander(const AmxConvShape& shape, const AmxGeometry& geometry, char* memory);

  void Begin(const float* image);
  // Writes out output row `row`, which is not before the one of the last call since Begin. Returns where its first
  // pixel is; the others follow at equal distances.
  const char* Expand(int64_t row);

 private:
  static constexpr size_t kMostRegisters = kMostAmxTaps;
  static constexpr size_t kMostParts = 2 * kMostAmxTaps;

  // Numbers of a line that come into one register of a pixel.
  struct Part {
    int64_t line = 0;
    int64_t offset = 0;  // bytes from where the pixel's numbers begin in the line to what the register would begin with
    uint32_t numbers = 0;
  };

  char* Line(int64_t y) { return lines_ + y % shape_.filter_height * geometry_.line_bytes; }
  void Convert(int64_t y);
  void FindParts();

  const AmxConvShape& shape_;
  const AmxGeometry& geometry_;
  const float* image_ = nullptr;
  int64_t converted_ = 0;  // rows of the image before this one have been
  char* lines_;
  char* nothing_;  // a line of zeros
  char* pixels_;
  std::array<Part, kMostParts> parts_{};
  std::array<int64_t, kMostRegisters + 1> parts_of_{};  // by register: its first part
};

}  // namespace slimnet::cpu
