#include "data/colour.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace slimnet {
namespace {

// Largest and smallest channel, and the angle of the colour circle, 0 to 6: 0 is red, 2 green, 4 blue.
struct Hue {
  float most;
  float least;
  float sixths;
};

Hue HueOf(const float* rgb) {
  const float r = rgb[0];
  const float g = rgb[1];
  const float b = rgb[2];
  const float most = std::max(r, std::max(g, b));
  const float least = std::min(r, std::min(g, b));
  const float range = most - least;
  if (!(range > 0)) return {most, least, 0};
  float sixths = 0;
  if (most == r) {
    sixths = (g - b) / range;
  } else if (most == g) {
    sixths = (b - r) / range + 2;
  } else {
    sixths = (r - g) / range + 4;
  }
  return {most, least, sixths < 0 ? sixths + 6 : sixths};
}

void WriteColour(const Hue& hue, float* rgb) {
  // From one corner of the circle to the next, one channel is largest, one smallest, and the third on its way between.
  struct Corner {
    int most;
    int least;
    int between;
  };
  constexpr std::array<Corner, 6> kCorners{{{0, 2, 1}, {1, 2, 0}, {1, 0, 2}, {2, 0, 1}, {2, 1, 0}, {0, 1, 2}}};
  const int corner = std::min(static_cast<int>(hue.sixths), 5);
  const float way = hue.sixths - static_cast<float>(corner);
  const float range = hue.most - hue.least;
  const auto& [most, least, between] = kCorners[static_cast<size_t>(corner)];
  rgb[most] = hue.most;
  rgb[least] = hue.least;
  rgb[between] = corner % 2 == 0 ? hue.least + way * range : hue.most - way * range;
}

void Saturate(float factor, float* rgb) {
  Hue hue = HueOf(rgb);
  // Where no channel is above 0, saturation is not defined and counts as none.
  const float saturation = hue.most > 0 ? (hue.most - hue.least) / hue.most : 0;
  hue.least = hue.most - std::clamp(saturation * factor, 0.0F, 1.0F) * hue.most;
  WriteColour(hue, rgb);
}

void TurnHue(float turns, float* rgb) {
  Hue hue = HueOf(rgb);
  const float sixths = std::fmod(hue.sixths + turns * 6, 6.0F);
  hue.sixths = sixths < 0 ? sixths + 6 : sixths;
  WriteColour(hue, rgb);
}

void Contrast(float factor, float* pixels, int64_t count) {
  for (int c = 0; c < 3; ++c) {
    double sum = 0;
    for (int64_t i = 0; i < count; ++i) sum += static_cast<double>(pixels[3 * i + c]);
    const auto mean = static_cast<float>(sum / static_cast<double>(count));
    for (int64_t i = 0; i < count; ++i) pixels[3 * i + c] = (pixels[3 * i + c] - mean) * factor + mean;
  }
}

}  // namespace

void ApplyColour(const ColourStep& step, float* pixels, int64_t count) {
  switch (step.op) {
    case ColourOp::kBrightness:
      for (int64_t i = 0; i < 3 * count; ++i) pixels[i] += step.amount;
      return;
    case ColourOp::kSaturation:
      for (int64_t i = 0; i < count; ++i) Saturate(step.amount, pixels + 3 * i);
      return;
    case ColourOp::kHue:
      for (int64_t i = 0; i < count; ++i) TurnHue(step.amount, pixels + 3 * i);
      return;
    case ColourOp::kContrast:
      Contrast(step.amount, pixels, count);
      return;
  }
}

}  // namespace slimnet
