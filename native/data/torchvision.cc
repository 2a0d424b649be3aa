// torchvision's evaluation transform: Resize and CenterCrop of a Pillow image, ToTensor, Normalize.
#include <algorithm>
#include <array>
#include <cmath>

#include "data/crop.h"
#include "data/preprocessings.h"

namespace slimnet {
namespace {

constexpr std::array<float, 3> kTorchvisionMeans{0.485F, 0.456F, 0.406F};
constexpr std::array<float, 3> kTorchvisionDeviations{0.229F, 0.224F, 0.225F};

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
          .resize_method = ResizeMethod::kPillowBilinear};
}

void TorchvisionFinish(float* pixels, int64_t count) {
  for (int64_t i = 0; i < count; ++i) {
    for (size_t c = 0; c < 3; ++c, ++pixels)
      *pixels = (*pixels / 255 - kTorchvisionMeans[c]) / kTorchvisionDeviations[c];
  }
}

}  // namespace

constexpr Preprocessing kTorchvision{"torchvision",    1, TorchvisionEvaluation, nullptr, TorchvisionResized,
                                     TorchvisionFinish};

}  // namespace slimnet
