// Crops of a given size.
#pragma once

#include <string>

#include "base/error.h"
#include "data/image.h"

namespace slimnet {

// How far a crop can move: down and to the right. Throws Error{kImage} when it does not fit.
inline ImageSize CropRoom(const ImageSize& image, const ImageSize& crop) {
  if (crop.height > image.height || crop.width > image.width) {
    throw Error(ErrorCode::kImage, "Crop size greater than the image size: a crop of " + std::to_string(crop.height) +
                                       "x" + std::to_string(crop.width) + " does not fit into " +
                                       std::to_string(image.height) + "x" + std::to_string(image.width) + ".");
  }
  return {image.height - crop.height, image.width - crop.width};
}

}  // namespace slimnet
