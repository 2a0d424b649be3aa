// Slim's inception_preprocessing: a crop, resized to the network's size whatever its aspect ratio, in [-1, 1].
#include <array>

#include "data/distorted_box.h"
#include "data/preprocessings.h"

namespace slimnet {
namespace {

// One side of the central crop.
struct Centre {
  int64_t first;
  int64_t count;
};

Centre CentreOf(int64_t side, double fraction) {
  const auto all = static_cast<double>(side);
  const auto first = static_cast<int64_t>((all - all * fraction) / 2);
  return {first, side - 2 * first};
}

Augmentation InceptionEvaluation(const ImageSize& size, const PreprocessingSpec& spec) {
  const Centre rows = CentreOf(size.height, spec.crop_fraction);
  const Centre columns = CentreOf(size.width, spec.crop_fraction);
  return {.crop = {rows.first, columns.first, rows.count, columns.count}, .resize_method = spec.resize_method};
}

// Colour steps in one of Slim's orders, of which the fast mode knows the first.
std::vector<ColourStep> DrawColour(bool fast_mode, RandomStream& random) {
  using enum ColourOp;
  constexpr std::array<std::array<ColourOp, 4>, 4> kOrders{{
      {kBrightness, kSaturation, kHue, kContrast},
      {kSaturation, kBrightness, kContrast, kHue},
      {kContrast, kHue, kBrightness, kSaturation},
      {kHue, kSaturation, kContrast, kBrightness},
  }};
  const auto amount = [&](ColourOp op) {
    switch (op) {
      case kBrightness:
        return random.Uniform(-32.0F / 255, 32.0F / 255);
      case kHue:
        return random.Uniform(-0.2F, 0.2F);
      case kSaturation:
      case kContrast:
        break;
    }
    return random.Uniform(0.5F, 1.5F);
  };
  const auto& order = kOrders[fast_mode ? 0 : static_cast<size_t>(random.Integer(4))];
  std::vector<ColourStep> steps;
  for (size_t i = 0; i < (fast_mode ? 2U : 4U); ++i) steps.push_back({order[i], amount(order[i])});
  return steps;
}

Augmentation InceptionDraw(const ImageSize& size, const PreprocessingSpec& spec, const DrawOptions& options,
                           RandomStream& random) {
  constexpr std::array kMethods{ResizeMethod::kBilinear, ResizeMethod::kNearest, ResizeMethod::kBicubic,
                                ResizeMethod::kArea};
  Augmentation augmentation;
  augmentation.crop = DrawDistortedBox(size, options.boxes, random);
  augmentation.resize_method =
      options.fast_mode ? spec.resize_method : kMethods[static_cast<size_t>(random.Integer(4))];
  augmentation.flip = random.Uniform() < 0.5F;
  augmentation.colour = DrawColour(options.fast_mode, random);
  return augmentation;
}

}  // namespace

// In evaluation a bilinear resize leaves no value outside of 0..1: there the clamping changes nothing.
constexpr Preprocessing kInception{.name = "inception",
                                   .byte_scale = 1.0F / 255,
                                   .clamps = true,
                                   .evaluation = InceptionEvaluation,
                                   .draw = InceptionDraw,
                                   .resized = nullptr};

}  // namespace slimnet
