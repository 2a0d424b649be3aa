// Image preprocessing, from decoded pixels to the network's input: float32 [height, width, 3].
//
// A preprocessing says what is to be done to a picture: a Augmentation, fixed in evaluation, drawn at random in
// training. What then happens is the same for all: resize and crop, or crop and resize; colours; the network's range of
// values.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "data/colour.h"
#include "data/image.h"
#include "data/random_stream.h"
#include "data/resize.h"

namespace slimnet {

// How a network wants its pictures.
struct PreprocessingSpec {
  int64_t height = 0;
  int64_t width = 0;
  int64_t resize_side = 0;      // of the smaller side before the crop, where a preprocessing resizes before it crops
  bool truncate_sizes = false;  // the larger side is truncated, as in old versions of Slim, instead of rounded
  double crop_fraction = 1;     // of both sides, where a preprocessing crops before it resizes
  ResizeMethod resize_method = ResizeMethod::kBilinear;
  // Red, green, blue: what is subtracted from values in the preprocessing's range, and what the rest is divided by.
  std::array<float, 3> mean{};
  std::array<float, 3> std{1, 1, 1};

  ImageSize size() const { return {height, width}; }
};

// All that is done to one picture.
struct Augmentation {
  int64_t resize_side = 0;  // of the smaller side, where the resize comes before the crop; else 0
  Box crop;                 // of the resized picture then, else of the picture itself
  ResizeMethod resize_method = ResizeMethod::kBilinear;
  bool flip = false;  // left to right
  std::vector<ColourStep> colour{};
};

// A rectangle in parts of a picture's height and width, 0 to 1.
struct RelativeBox {
  float top = 0;
  float left = 0;
  float bottom = 1;
  float right = 1;
};

// Bounds of the user's own for what is drawn (data/plain.h).
struct PlainBounds {
  float area_min = 0.08F;  // of a crop that comes before the resize, in parts of the picture's
  float area_max = 1;
  float aspect_min = 0.75F;  // width / height of such a crop
  float aspect_max = 4.0F / 3;
  bool flip = true;
  float brightness = 0;  // up to so much of the range of values, more or less
  float contrast = 0;    // times 1 - this to 1 + this, as is saturation
  float saturation = 0;
  float hue = 0;  // turns of the colour circle, either way
};

// What bounds the draw of a augmentation.
struct DrawOptions {
  int64_t resize_side_min = 256;
  int64_t resize_side_max = 512;
  bool fast_mode = true;               // bilinear resizing and two colour steps alone
  std::vector<RelativeBox> boxes;      // objects, of which one must be covered in part; none: the whole picture is one
  std::optional<PlainBounds> plain{};  // instead of what is particular to the preprocessing
};

struct Preprocessing {
  std::string_view name;
  // Of the values that mean and deviation are said of: those of bytes, or 0 to 1.
  float byte_scale = 1;      // pixels are multiplied by it before anything else
  float divisor = 1;         // values are divided by it after the resize
  bool clamps = false;       // to 0..1, after the colours
  bool blue_first = false;   // in the result
  bool uses_pillow = false;  // its interpolations are Pillow's, not TensorFlow's
  // Throws Error{kImage} for pictures that are too small.
  Augmentation (*evaluation)(const ImageSize& size, const PreprocessingSpec& spec);
  // nullptr: there is no training form. Throws as `evaluation`.
  Augmentation (*draw)(const ImageSize& size, const PreprocessingSpec& spec, const DrawOptions& options,
                       RandomStream& random);
  // Size after the resize that comes before the crop; nullptr: the crop comes first.
  ImageSize (*resized)(const ImageSize& size, const PreprocessingSpec& spec, int64_t resize_side);
};

// Throws Error{kArgument} when there is none of this name.
const Preprocessing& FindPreprocessing(std::string_view name);

// Throws Error{kArgument} for a augmentation that cannot be applied to pictures of this size.
void CheckAugmentation(const Preprocessing& preprocessing, const ImageSize& size, const PreprocessingSpec& spec,
                       const Augmentation& augmentation);

// Writes spec.height * spec.width * 3 floats. Only what they depend on is read and computed.
void Apply(const Preprocessing& preprocessing, const ImageView& image, const PreprocessingSpec& spec,
           const Augmentation& augmentation, float* out);

}  // namespace slimnet
