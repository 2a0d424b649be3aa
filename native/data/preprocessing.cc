#include "data/preprocessing.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <string>
#include <utility>

#include "base/error.h"
#include "data/preprocessings.h"

namespace slimnet {
namespace {

// All of them, one line each.
constexpr std::array<const Preprocessing*, 4> kPreprocessings{
    &kVgg,
    &kInception,
    &kTorchvision,
    &kCaffe,
};

std::string Text(const ImageSize& size) { return std::to_string(size.height) + "x" + std::to_string(size.width); }

// Brings pixels of three channels to the network's range.
void Finish(const Preprocessing& preprocessing, const PreprocessingSpec& spec, float* pixel, int64_t count) {
  for (int64_t i = 0; i < count; ++i, pixel += 3) {
    for (size_t c = 0; c < 3; ++c) {
      const float value = preprocessing.clamps ? std::clamp(pixel[c], 0.0F, 1.0F) : pixel[c];
      pixel[c] = (value / preprocessing.divisor - spec.mean[c]) / spec.std[c];
    }
    if (preprocessing.blue_first) std::swap(pixel[0], pixel[2]);
  }
}

bool LiesIn(int64_t first, int64_t count, int64_t all) {
  return first >= 0 && count >= 1 && first <= all && count <= all - first;
}

}  // namespace

const Preprocessing& FindPreprocessing(std::string_view name) {
  std::string names;
  for (const Preprocessing* preprocessing : kPreprocessings) {
    if (preprocessing->name == name) return *preprocessing;
    names += (names.empty() ? "" : ", ") + std::string(preprocessing->name);
  }
  throw Error(ErrorCode::kArgument,
              "method: there is no preprocessing " + std::string(name) + "; there is " + names + ".");
}

void CheckAugmentation(const Preprocessing& preprocessing, const ImageSize& size, const PreprocessingSpec& spec,
                       const Augmentation& augmentation) {
  const bool resizes_first = preprocessing.resized != nullptr;
  if (resizes_first != (augmentation.resize_side > 0)) {
    throw Error(ErrorCode::kArgument, "resizeSide: " + std::string(preprocessing.name) +
                                          (resizes_first ? " needs one." : " has none: expected 0."));
  }
  const ImageSize from = resizes_first ? preprocessing.resized(size, spec, augmentation.resize_side) : size;
  const Box& crop = augmentation.crop;
  if (!LiesIn(crop.top, crop.height, from.height) || !LiesIn(crop.left, crop.width, from.width)) {
    throw Error(ErrorCode::kArgument, "crop: " + Text(crop.size()) + " at " + std::to_string(crop.top) + ", " +
                                          std::to_string(crop.left) + " does not lie in " + Text(from) + ".");
  }
  if (resizes_first && (crop.height != spec.height || crop.width != spec.width)) {
    throw Error(ErrorCode::kArgument, "crop: expected " + Text(spec.size()) + ", received " + Text(crop.size()) + ".");
  }
  for (const ColourStep& step : augmentation.colour) {
    if (!std::isfinite(step.amount)) throw Error(ErrorCode::kArgument, "colour: expected finite amounts.");
  }
}

void Apply(const Preprocessing& preprocessing, const ImageView& image, const PreprocessingSpec& spec,
           const Augmentation& augmentation, float* out) {
  const Box& crop = augmentation.crop;
  Resampling resampling{augmentation.resize_method, {}, {}, augmentation.flip, preprocessing.byte_scale};
  if (preprocessing.resized != nullptr) {
    resampling.resized = preprocessing.resized(image.size(), spec, augmentation.resize_side);
    resampling.window = crop;
    Resize(image, resampling, out);
  } else {
    resampling.resized = spec.size();
    resampling.window = {0, 0, spec.height, spec.width};
    Resize(image.Part(crop), resampling, out);
  }
  const int64_t pixels = spec.height * spec.width;
  for (const ColourStep& step : augmentation.colour) ApplyColour(step, out, pixels);
  Finish(preprocessing, spec, out, pixels);
}

}  // namespace slimnet
