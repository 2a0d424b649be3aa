// Image preprocessing as TF-Slim does it, from decoded RGB bytes to the network's input.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace slimnet {

// Decoded pixels, row-major, 8 bits a channel: 1 (grey) or 3 (RGB) interleaved channels.
struct ImageView {
  const uint8_t* pixels = nullptr;
  int64_t height = 0;
  int64_t width = 0;
  int channels = 3;
};

// Where the central crop lies in the resized image.
struct CropGeometry {
  int64_t resized_height = 0;
  int64_t resized_width = 0;
  int64_t top = 0;
  int64_t left = 0;
};

struct VggOptions {
  int64_t height = 224;
  int64_t width = 224;
  int64_t resize_side = 256;  // the smaller side of the resized image
  std::array<float, 3> means{123.68F, 116.78F, 103.94F};
};

// Size after the aspect-preserving resize and the offsets of the crop. Throws Error{kImage} when the crop does not fit.
CropGeometry VggGeometry(int64_t height, int64_t width, const VggOptions& options);

// Evaluation preprocessing of vgg_preprocessing: legacy bilinear resize to `resize_side`, central crop, minus the
// means. Writes options.height * options.width * 3 floats. Only the pixels of the crop are computed.
void VggEval(const ImageView& image, const VggOptions& options, float* out);

}  // namespace slimnet
