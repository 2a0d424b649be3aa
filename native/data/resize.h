// Resizing of decoded pixels, as the libraries do it whose results the networks were trained on.
#pragma once

#include "data/image.h"

namespace slimnet {

enum class ResizeMethod {
  // TensorFlow's with its legacy coordinates (align_corners and half_pixel_centers false): output i lies at
  // i * in / out, and nothing is filtered when a picture shrinks but by kArea.
  kBilinear,
  kNearest,
  kBicubic,
  kArea,
  // Pillow's: pixels are centred at halves; all but nearest filter when a picture shrinks, and round to bytes. Pillow
  // calls
  // the area BOX.
  kPillowBilinear,
  kPillowNearest,
  kPillowBicubic,
  kPillowArea,
  kPillowHamming,
  kPillowLanczos,
};

// What part of the resized picture is wanted, and how.
struct Resampling {
  ResizeMethod method = ResizeMethod::kBilinear;
  ImageSize resized;
  Box window;               // of the resized picture
  bool flip = false;        // of the window, left to right
  float byte_scale = 1.0F;  // pixels are multiplied by it before they are interpolated
};

// Writes window.height * window.width pixels of three channels. Only the window is computed.
void Resize(const ImageView& image, const Resampling& resampling, float* out);

}  // namespace slimnet
