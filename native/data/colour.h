// TensorFlow's operations on colours, on RGB values of which 0 to 1 is the ordinary range. None of them clamps.
#pragma once

#include <cstdint>

namespace slimnet {

enum class ColourOp {
  kBrightness,  // + amount
  kSaturation,  // of hue, saturation, value: saturation * amount, clipped to 0..1
  kHue,         // hue + amount, in turns of the colour circle
  kContrast,    // distance from the mean of the picture's channel * amount
};

struct ColourStep {
  ColourOp op = ColourOp::kBrightness;
  float amount = 0;
};

// Changes `count` pixels of three channels.
void ApplyColour(const ColourStep& step, float* pixels, int64_t count);

}  // namespace slimnet
