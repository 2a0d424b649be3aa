#include "data/preprocessing.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "base/error.h"

namespace slimnet {
namespace {

// One output coordinate of TensorFlow's legacy bilinear resize (align_corners and half_pixel_centers false).
struct Tap {
  int64_t lower;
  int64_t upper;
  float weight;
};

std::vector<Tap> Taps(int64_t in, int64_t resized, int64_t first, int64_t count) {
  const float scale = static_cast<float>(in) / static_cast<float>(resized);
  std::vector<Tap> taps(static_cast<size_t>(count));
  for (int64_t i = 0; i < count; ++i) {
    const float at = static_cast<float>(first + i) * scale;
    const float floor = std::floor(at);
    const int64_t lower = std::min(static_cast<int64_t>(floor), in - 1);
    taps[static_cast<size_t>(i)] = {lower, std::min(lower + 1, in - 1), at - floor};
  }
  return taps;
}

// One row of the image, interpolated horizontally at the taps, as 3 channels.
void InterpolateRow(const ImageView& image, int64_t y, const std::vector<Tap>& taps, float* out) {
  const uint8_t* row = image.pixels + y * image.width * image.channels;
  const bool grey = image.channels == 1;
  for (const Tap& tap : taps) {
    const uint8_t* left = row + tap.lower * image.channels;
    const uint8_t* right = row + tap.upper * image.channels;
    for (int c = 0; c < 3; ++c) {
      const auto l = static_cast<float>(left[grey ? 0 : c]);
      const auto r = static_cast<float>(right[grey ? 0 : c]);
      *out++ = l + (r - l) * tap.weight;
    }
  }
}

}  // namespace

CropGeometry VggGeometry(int64_t height, int64_t width, const VggOptions& options) {
  if (height < 1 || width < 1) throw Error(ErrorCode::kImage, "The image has no pixels.");
  const auto side = static_cast<float>(options.resize_side);
  const float scale = side / static_cast<float>(std::min(height, width));
  CropGeometry g;
  g.resized_height = static_cast<int64_t>(std::rint(static_cast<float>(height) * scale));
  g.resized_width = static_cast<int64_t>(std::rint(static_cast<float>(width) * scale));
  if (options.height > g.resized_height || options.width > g.resized_width) {
    throw Error(ErrorCode::kImage, "Crop size greater than the image size: a crop of " +
                                       std::to_string(options.height) + "x" + std::to_string(options.width) +
                                       " does not fit into " + std::to_string(g.resized_height) + "x" +
                                       std::to_string(g.resized_width) + ".");
  }
  g.top = (g.resized_height - options.height) / 2;
  g.left = (g.resized_width - options.width) / 2;
  return g;
}

void VggEval(const ImageView& image, const VggOptions& options, float* out) {
  const CropGeometry g = VggGeometry(image.height, image.width, options);
  const std::vector<Tap> rows = Taps(image.height, g.resized_height, g.top, options.height);
  const std::vector<Tap> columns = Taps(image.width, g.resized_width, g.left, options.width);
  const size_t row_floats = static_cast<size_t>(options.width) * 3;
  // Two interpolated source rows; consecutive output rows mostly share them.
  std::array<std::vector<float>, 2> cache{std::vector<float>(row_floats), std::vector<float>(row_floats)};
  std::array<int64_t, 2> cached{-1, -1};
  const auto row_at = [&](int64_t y, int64_t keep) -> const float* {
    if (cached[0] == y) return cache[0].data();
    if (cached[1] == y) return cache[1].data();
    const size_t slot = cached[0] == keep ? 1 : 0;
    InterpolateRow(image, y, columns, cache[slot].data());
    cached[slot] = y;
    return cache[slot].data();
  };
  for (const Tap& tap : rows) {
    const float* top = row_at(tap.lower, tap.upper);
    const float* bottom = row_at(tap.upper, tap.lower);
    for (size_t i = 0; i < row_floats; i += 3) {
      for (size_t c = 0; c < 3; ++c) {
        const float upper = top[i + c];
        *out++ = upper + (bottom[i + c] - upper) * tap.weight - options.means[c];
      }
    }
  }
}

}  // namespace slimnet
