// What Keras' ResNets expect: load_img to the network's size, then preprocess_input in its caffe mode.
#include "data/preprocessings.h"

namespace slimnet {
namespace {

Augmentation CaffeEvaluation(const ImageSize& size, const PreprocessingSpec& spec) {
  return {.crop = {0, 0, size.height, size.width}, .resize_method = spec.resize_method};
}

}  // namespace

constexpr Preprocessing kCaffe{.name = "caffe",
                               .blue_first = true,
                               .uses_pillow = true,
                               .evaluation = CaffeEvaluation,
                               .draw = nullptr,
                               .resized = nullptr};

}  // namespace slimnet
