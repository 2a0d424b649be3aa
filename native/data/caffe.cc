// What Keras' ResNets expect: load_img to the network's size, then preprocess_input in its caffe mode.
#include <array>
#include <utility>

#include "data/preprocessings.h"

namespace slimnet {
namespace {

constexpr std::array<float, 3> kCaffeMeans{103.939F, 116.779F, 123.68F};  // blue, green, red

Augmentation CaffeEvaluation(const ImageSize& size, const PreprocessingSpec&) {
  return {.crop = {0, 0, size.height, size.width}, .resize_method = ResizeMethod::kPillowNearest};
}

void CaffeFinish(float* pixels, int64_t count) {
  for (int64_t i = 0; i < count; ++i, pixels += 3) {
    std::swap(pixels[0], pixels[2]);
    for (size_t c = 0; c < 3; ++c) pixels[c] -= kCaffeMeans[c];
  }
}

}  // namespace

constexpr Preprocessing kCaffe{"caffe", 1, CaffeEvaluation, nullptr, nullptr, CaffeFinish};

}  // namespace slimnet
