// torchvision's evaluation transform: Resize and CenterCrop of a Pillow image, ToTensor, Normalize.
#include <algorithm>
#include <cmath>

#include "data/crop.h"
#include "data/preprocessings.h"

namespace slimnet {
namespace {

ImageSize TorchvisionResized(const ImageSize& size, const PreprocessingSpec&, int64_t resize_side) {
  const int64_t smaller = std::min(size.height, size.width);
  const auto scaled = [&](int64_t side) {
    return static_cast<int64_t>(static_cast<double>(resize_side * side) / static_cast<double>(smaller));
  };
  return {scaled(size.height), scaled(size.width)};
}

Augmentation TorchvisionEvaluation(const ImageSize& size, const PreprocessingSpec& spec) {
  const ImageSize room = CropRoom(TorchvisionResized(size, spec, spec.resize_side), spec.size());
  const auto half = [](int64_t whole) { return static_cast<int64_t>(std::rint(static_cast<double>(whole) / 2)); };
  return {.resize_side = spec.resize_side,
          .crop = {half(room.height), half(room.width), spec.height, spec.width},
          .resize_method = spec.resize_method};
}

}  // namespace

constexpr Preprocessing kTorchvision{.name = "torchvision",
                                     .divisor = 255,
                                     .uses_pillow = true,
                                     .evaluation = TorchvisionEvaluation,
                                     .draw = nullptr,
                                     .resized = TorchvisionResized};

}  // namespace slimnet
