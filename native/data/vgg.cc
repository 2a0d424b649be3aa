// Slim's vgg_preprocessing: an aspect-preserving resize, a crop of the network's size, minus the means.
#include <algorithm>
#include <cmath>

#include "data/crop.h"
#include "data/preprocessings.h"

namespace slimnet {
namespace {

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
  return {.resize_side = spec.resize_side,
          .crop = {room.height / 2, room.width / 2, spec.height, spec.width},
          .resize_method = spec.resize_method};
}

Augmentation VggDraw(const ImageSize& size, const PreprocessingSpec& spec, const DrawOptions& options,
                     RandomStream& random) {
  Augmentation augmentation;
  augmentation.resize_side =
      options.resize_side_min + random.Integer(options.resize_side_max - options.resize_side_min + 1);
  const ImageSize room = CropRoom(VggResized(size, spec, augmentation.resize_side), spec.size());
  augmentation.crop = {random.Integer(room.height + 1), random.Integer(room.width + 1), spec.height, spec.width};
  augmentation.resize_method = spec.resize_method;
  augmentation.flip = random.Uniform() < 0.5F;
  return augmentation;
}

}  // namespace

constexpr Preprocessing kVgg{.name = "vgg", .evaluation = VggEvaluation, .draw = VggDraw, .resized = VggResized};

}  // namespace slimnet
