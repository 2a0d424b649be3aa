#include "data/distorted_box.h"

#include <algorithm>
#include <cmath>

namespace slimnet {
namespace {

constexpr int kAttempts = 100;
constexpr float kLeastAspect = 0.75F;
constexpr float kLargestAspect = 1.33F;
constexpr float kLeastArea = 0.05F;
constexpr float kLargestArea = 1;
constexpr float kLeastCovered = 0.1F;

int64_t Rounded(float value) { return static_cast<int64_t>(std::rint(value)); }

int64_t WidthOf(int64_t height, float aspect) { return Rounded(static_cast<float>(height) * aspect); }

float AreaOf(int64_t height, int64_t width) { return static_cast<float>(height * width); }

// The largest height whose width stays within the picture.
int64_t LargestHeight(const ImageSize& size, float largest_area, float aspect) {
  int64_t height = Rounded(std::sqrt(largest_area / aspect));
  if (WidthOf(height, aspect) > size.width) {
    height = static_cast<int64_t>((static_cast<double>(size.width) + 0.5 - 1e-7) / static_cast<double>(aspect));
    if (WidthOf(height, aspect) > size.width) --height;
  }
  return std::min(height, size.height);
}

// TensorFlow never draws the last place of all that a smaller box could have.
int64_t DrawOffset(int64_t all, int64_t part, RandomStream& random) {
  return part < all ? random.Integer(all - part) : 0;
}

// An empty box when rounding takes it out of the bounds.
Box DrawBox(const ImageSize& size, RandomStream& random) {
  const float aspect = random.Uniform(kLeastAspect, kLargestAspect);
  const float whole = static_cast<float>(size.height) * static_cast<float>(size.width);
  const float least_area = kLeastArea * whole;
  const float largest_area = kLargestArea * whole;
  const int64_t largest = LargestHeight(size, largest_area, aspect);
  int64_t height = std::min(Rounded(std::sqrt(least_area / aspect)), largest);
  if (height < largest) height += random.Integer(largest - height + 1);
  if (AreaOf(height, WidthOf(height, aspect)) < least_area) ++height;
  if (AreaOf(height, WidthOf(height, aspect)) > largest_area) --height;
  const int64_t width = WidthOf(height, aspect);
  const float area = AreaOf(height, width);
  if (area < least_area || area > largest_area || height < 1 || width < 1 || height > size.height ||
      width > size.width) {
    return {};
  }
  const int64_t top = DrawOffset(size.height, height, random);
  return {top, DrawOffset(size.width, width, random), height, width};
}

Box PixelsOf(const RelativeBox& box, const ImageSize& size) {
  const auto at = [](float part, int64_t side) { return static_cast<int64_t>(part * static_cast<float>(side)); };
  const int64_t top = at(box.top, size.height);
  const int64_t left = at(box.left, size.width);
  return {top, left, at(box.bottom, size.height) - top, at(box.right, size.width) - left};
}

// Pixels that two stretches have in common.
int64_t Common(int64_t a, int64_t a_count, int64_t b, int64_t b_count) {
  return std::max<int64_t>(0, std::min(a + a_count, b + b_count) - std::max(a, b));
}

bool Covers(const Box& box, const Box& object) {
  const float area = AreaOf(object.height, object.width);
  const float covered = AreaOf(Common(box.top, box.height, object.top, object.height),
                               Common(box.left, box.width, object.left, object.width));
  return area > 0 && covered / area >= kLeastCovered;
}

}  // namespace

Box DrawDistortedBox(const ImageSize& size, const std::vector<RelativeBox>& objects, RandomStream& random) {
  const Box whole{0, 0, size.height, size.width};
  std::vector<Box> covered;
  for (const RelativeBox& object : objects) covered.push_back(PixelsOf(object, size));
  if (covered.empty()) covered.push_back(whole);
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    const Box box = DrawBox(size, random);
    if (box.height > 0 && std::any_of(covered.begin(), covered.end(), [&](const Box& o) { return Covers(box, o); })) {
      return box;
    }
  }
  return whole;
}

}  // namespace slimnet
