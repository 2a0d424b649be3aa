// Slim's vgg_preprocessing: an aspect-preserving resize, a crop of the network's size, minus the means.
#include <algorithm>
#include <array>
#include <cmath>

#include "data/crop.h"
#include "data/preprocessings.h"

namespace slimnet {
namespace {

constexpr std::array<float, 3> kVggMeans{123.68F, 116.78F, 103.94F};

ImageSize VggResized(const ImageSize& size, const PreprocessingSpec& spec, int64_t resize_side) {
  const float scale = static_cast<float>(resize_side) / static_cast<float>(std::min(size.height, size.width));
  const auto scaled = [&](int64_t side) {
    const float exact = static_cast<float>(side) * scale;
    return static_cast<int64_t>(spec.truncate_sizes ? std::trunc(exact) : std::rint(exact));
  };
  return {scaled(size.height), scaled(size.width)};
}

Augmentation VggEvaluation(const ImageSize& size, const PreprocessingSpec& spec) {
  const ImageSize room = CropRoom(VggResized(size, spec, spec.resize_side), spec.size());
  return {.resize_side = spec.resize_side, .crop = {room.height / 2, room.width / 2, spec.height, spec.width}};
}

Augmentation VggDraw(const ImageSize& size, const PreprocessingSpec& spec, const DrawOptions& options,
                     RandomStream& random) {
  Augmentation augmentation;
  augmentation.resize_side =
      options.resize_side_min + random.Integer(options.resize_side_max - options.resize_side_min + 1);
  const ImageSize room = CropRoom(VggResized(size, spec, augmentation.resize_side), spec.size());
  augmentation.crop = {random.Integer(room.height + 1), random.Integer(room.width + 1), spec.height, spec.width};
  augmentation.flip = random.Uniform() < 0.5F;
  return augmentation;
}

void VggFinish(float* pixels, int64_t count) {
  for (int64_t i = 0; i < count; ++i) {
    for (size_t c = 0; c < 3; ++c) pixels[3 * i + static_cast<int64_t>(c)] -= kVggMeans[c];
  }
}

}  // namespace

constexpr Preprocessing kVgg{"vgg", 1, VggEvaluation, VggDraw, VggResized, VggFinish};

}  // namespace slimnet
