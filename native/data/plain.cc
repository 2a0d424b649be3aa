#include "data/plain.h"

#include <algorithm>
#include <cmath>

#include "data/crop.h"

namespace slimnet {
namespace {

constexpr int kCropAttempts = 10;

Box Centred(const ImageSize& size, int64_t height, int64_t width) {
  return {(size.height - height) / 2, (size.width - width) / 2, height, width};
}

Box DrawCrop(const ImageSize& size, const PlainBounds& bounds, RandomStream& random) {
  const float whole = static_cast<float>(size.height) * static_cast<float>(size.width);
  for (int attempt = 0; attempt < kCropAttempts; ++attempt) {
    const float area = whole * random.Uniform(bounds.area_min, bounds.area_max);
    const float aspect = random.Uniform(bounds.aspect_min, bounds.aspect_max);
    const auto width = static_cast<int64_t>(std::rint(std::sqrt(area * aspect)));
    const auto height = static_cast<int64_t>(std::rint(std::sqrt(area / aspect)));
    if (width < 1 || height < 1 || width > size.width || height > size.height) continue;
    const int64_t top = random.Integer(size.height - height + 1);
    return {top, random.Integer(size.width - width + 1), height, width};
  }
  const float aspect = static_cast<float>(size.width) / static_cast<float>(size.height);
  const float allowed = std::clamp(aspect, bounds.aspect_min, bounds.aspect_max);
  const auto rounded = [](float side, int64_t limit) {
    return std::clamp<int64_t>(static_cast<int64_t>(std::rint(side)), 1, limit);
  };
  if (aspect < allowed)
    return Centred(size, rounded(static_cast<float>(size.width) / allowed, size.height), size.width);
  return Centred(size, size.height, rounded(static_cast<float>(size.height) * allowed, size.width));
}

}  // namespace

Augmentation DrawPlain(const Preprocessing& preprocessing, const ImageSize& size, const PreprocessingSpec& spec,
                       const DrawOptions& options, RandomStream& random) {
  const PlainBounds& bounds = *options.plain;
  Augmentation augmentation;
  augmentation.resize_method = preprocessing.evaluation(size, spec).resize_method;
  if (preprocessing.resized != nullptr) {
    augmentation.resize_side =
        options.resize_side_min + random.Integer(options.resize_side_max - options.resize_side_min + 1);
    const ImageSize room = CropRoom(preprocessing.resized(size, spec, augmentation.resize_side), spec.size());
    const int64_t top = random.Integer(room.height + 1);
    augmentation.crop = {top, random.Integer(room.width + 1), spec.height, spec.width};
  } else {
    augmentation.crop = DrawCrop(size, bounds, random);
  }
  augmentation.flip = random.Uniform() < 0.5F && bounds.flip;
  // What is left out still takes its number: another bound does not change what else is drawn.
  const auto add = [&](ColourOp op, float middle, float bound, float unit) {
    const float amount = middle + random.Uniform(-bound, bound) * unit;
    if (bound > 0) augmentation.colour.push_back({op, amount});
  };
  add(ColourOp::kBrightness, 0, bounds.brightness, 255 * preprocessing.byte_scale);
  add(ColourOp::kContrast, 1, bounds.contrast, 1);
  add(ColourOp::kSaturation, 1, bounds.saturation, 1);
  add(ColourOp::kHue, 0, bounds.hue, 1);
  return augmentation;
}

}  // namespace slimnet
