#include "addon/preprocess.h"

#include <array>
#include <cmath>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "addon/augmentation.h"
#include "addon/environment.h"
#include "addon/tensors.h"
#include "base/error.h"
#include "data/plain.h"
#include "data/preprocessing.h"
#include "runtime/host_block.h"

namespace slimnet {
namespace {

constexpr int64_t kLargestSide = 16384;                     // of what the network takes
constexpr int64_t kLargestImageSide = 10'000'000;           // libvips has the same limit
constexpr int64_t kLargestNumber = (int64_t{1} << 53) - 1;  // that JavaScript keeps exactly
constexpr double kLargestColour = 1e6;
constexpr size_t kMostImages = 65536;
constexpr size_t kMostBytes = size_t{1} << 32;  // of a result

// Pixels of JavaScript. The reference keeps the memory alive while the work may read it.
struct HeldImage {
  ImageView view;
  Augmentation augmentation;
  napi_ref data = nullptr;
};

class PreprocessWork final : public AsyncWork {
 public:
  PreprocessWork(const Preprocessing& preprocessing, const PreprocessingSpec& spec, Counted counted)
      : preprocessing_(preprocessing), spec_(spec), counted_(counted) {}

  // On the JavaScript thread.
  void Hold(napi_env env, const ImageView& view, Augmentation augmentation, napi_value data) {
    napi_ref reference = nullptr;
    js::Check(env, napi_create_reference(env, data, 1, &reference));
    images_.push_back({view, std::move(augmentation), reference});
  }

  void Run() override {
    const size_t floats = static_cast<size_t>(spec_.height) * static_cast<size_t>(spec_.width) * 3;
    result_ = HostBlock(images_.size() * floats * sizeof(float));
    auto* const out = reinterpret_cast<float*>(result_.data());
    for (size_t i = 0; i < images_.size(); ++i) {
      if (cancelled()) throw Error(ErrorCode::kAborted, "The preprocessing was aborted.");
      Apply(preprocessing_, images_[i].view, spec_, images_[i].augmentation, out + i * floats);
    }
  }

  napi_value Result(napi_env env) override {
    return MakeTypedArray(env, DType::kFloat32, std::move(result_), counted_);
  }

  void Release(napi_env env) noexcept override {
    for (const HeldImage& image : images_) napi_delete_reference(env, image.data);
    images_.clear();
  }

 private:
  const Preprocessing& preprocessing_;
  PreprocessingSpec spec_;
  Counted counted_;
  std::vector<HeldImage> images_;
  HostBlock result_;
};

struct Wanted {
  const Preprocessing* preprocessing;
  PreprocessingSpec spec;
};

// Three numbers, for red, green and blue.
std::array<float, 3> ReadColours(napi_env env, napi_value spec, const char* name) {
  const std::vector<napi_value> values = js::ReadArray(env, js::Get(env, spec, name, "spec"), name, 3);
  std::array<float, 3> colours{};
  if (values.size() != colours.size()) {
    throw Error(ErrorCode::kArgument,
                std::string(name) + ": expected three numbers, received " + std::to_string(values.size()) + ".");
  }
  for (size_t c = 0; c < colours.size(); ++c) {
    colours[c] = static_cast<float>(js::ReadNumber(env, values[c], name, -kLargestColour, kLargestColour));
  }
  return colours;
}

Wanted ReadPreprocessing(napi_env env, napi_value value) {
  const std::string method = js::ReadString(env, js::Get(env, value, "method", "spec"), "method", 64);
  const Preprocessing& preprocessing = FindPreprocessing(method);
  PreprocessingSpec spec;
  spec.height = js::ReadInteger(env, js::Get(env, value, "height", "spec"), "height", 1, kLargestSide);
  spec.width = js::ReadInteger(env, js::Get(env, value, "width", "spec"), "width", 1, kLargestSide);
  spec.resize_side =
      js::ReadInteger(env, js::Get(env, value, "resizeSide", "spec"), "resizeSide", 1, kLargestResizeSide);
  const std::string rounding = js::ReadString(env, js::Get(env, value, "sizeRounding", "spec"), "sizeRounding", 64);
  if (rounding != "rint" && rounding != "truncate") {
    throw Error(ErrorCode::kArgument, "sizeRounding: expected rint or truncate, received " + rounding + ".");
  }
  spec.truncate_sizes = rounding == "truncate";
  spec.crop_fraction = js::ReadNumber(env, js::Get(env, value, "cropFraction", "spec"), "cropFraction", 1e-6, 1);
  const std::string interpolation =
      js::ReadString(env, js::Get(env, value, "interpolation", "spec"), "interpolation", 64);
  spec.resize_method = ResizeMethodNamed("interpolation", (preprocessing.uses_pillow ? "pillow_" : "") + interpolation);
  spec.mean = ReadColours(env, value, "mean");
  spec.std = ReadColours(env, value, "std");
  for (const float deviation : spec.std) {
    if (!(std::abs(deviation) > 0)) throw Error(ErrorCode::kArgument, "std: expected numbers other than 0.");
  }
  return {&preprocessing, spec};
}

struct GivenImage {
  napi_value data = nullptr;
  ImageView view;
};

// Reads everything but the pixels themselves.
GivenImage ReadImage(napi_env env, napi_value image) {
  GivenImage given;
  given.data = js::Get(env, image, "data", "image");
  given.view.width = js::ReadInteger(env, js::Get(env, image, "width", "image"), "width", 1, kLargestImageSide);
  given.view.height = js::ReadInteger(env, js::Get(env, image, "height", "image"), "height", 1, kLargestImageSide);
  const int64_t channels = js::ReadInteger(env, js::Get(env, image, "channels", "image"), "channels", 1, 3);
  if (channels == 2) throw Error(ErrorCode::kArgument, "channels: expected 1 (grey) or 3 (RGB), received 2.");
  given.view.channels = static_cast<int>(channels);
  given.view.row_bytes = given.view.width * channels;
  return given;
}

void ReadPixels(napi_env env, GivenImage& given) {
  const ArrayView view = ReadTypedArray(env, given.data, "data");
  RequireDType(view, DType::kUInt8, "data");
  const int64_t expected = given.view.width * given.view.height * given.view.channels;
  if (static_cast<int64_t>(view.length) != expected) {
    throw Error(ErrorCode::kArgument, "data: expected " + std::to_string(expected) + " bytes for " +
                                          std::to_string(given.view.width) + " x " + std::to_string(given.view.height) +
                                          " x " + std::to_string(given.view.channels) + ", received " +
                                          std::to_string(view.length) + ".");
  }
  given.view.pixels = reinterpret_cast<const uint8_t*>(view.bytes.data());
}

}  // namespace

napi_value Preprocess(const js::Arguments& arguments) {
  const napi_env env = arguments.env();
  const auto [preprocessing, spec] = ReadPreprocessing(env, arguments[0]);
  std::vector<GivenImage> images;
  for (const napi_value image : js::ReadArray(env, arguments[1], "images", kMostImages)) {
    images.push_back(ReadImage(env, image));
  }
  const double bytes = static_cast<double>(images.size()) * static_cast<double>(spec.height) *
                       static_cast<double>(spec.width) * 3 * sizeof(float);
  if (bytes > static_cast<double>(kMostBytes)) {
    throw Error(ErrorCode::kArgument, "images: " + std::to_string(images.size()) +
                                          " images of this size make more than " + std::to_string(kMostBytes) +
                                          " bytes. Hint: preprocess fewer at once.");
  }
  std::vector<Augmentation> augmentations;
  if (js::IsUndefined(env, arguments[2])) {
    for (const GivenImage& given : images) augmentations.push_back(preprocessing->evaluation(given.view.size(), spec));
  } else {
    for (const napi_value augmentation : js::ReadArray(env, arguments[2], "augmentations", kMostImages)) {
      augmentations.push_back(ReadAugmentation(env, augmentation));
    }
    if (augmentations.size() != images.size()) {
      throw Error(ErrorCode::kArgument, "augmentations: expected one for each of " + std::to_string(images.size()) +
                                            " images, received " + std::to_string(augmentations.size()) + ".");
    }
  }
  const Counted counted =
      !js::IsUndefined(env, arguments[3]) && js::ReadBoolean(env, arguments[3], "held") ? Counted::kNo : Counted::kYes;
  // From here on no JavaScript runs that could take the pixels away.
  auto work = std::make_unique<PreprocessWork>(*preprocessing, spec, counted);
  try {
    for (size_t i = 0; i < images.size(); ++i) {
      ReadPixels(env, images[i]);
      CheckAugmentation(*preprocessing, images[i].view.size(), spec, augmentations[i]);
      work->Hold(env, images[i].view, std::move(augmentations[i]), images[i].data);
    }
  } catch (...) {
    work->Release(env);
    throw;
  }
  return Environment::Of(env).Start(std::move(work));
}

napi_value DrawAugmentation(const js::Arguments& arguments) {
  const napi_env env = arguments.env();
  const auto [preprocessing, spec] = ReadPreprocessing(env, arguments[0]);
  const ImageSize size{
      js::ReadInteger(env, js::Get(env, arguments[1], "height", "size"), "height", 1, kLargestImageSide),
      js::ReadInteger(env, js::Get(env, arguments[1], "width", "size"), "width", 1, kLargestImageSide)};
  const DrawOptions options = ReadDrawOptions(env, arguments[2]);
  const auto number = [&](const char* name, int64_t least) {
    return static_cast<uint64_t>(
        js::ReadInteger(env, js::Get(env, arguments[2], name, "options"), name, least, kLargestNumber));
  };
  RandomStream random(number("seed", -kLargestNumber), number("index", 0));
  if (options.plain) return MakeAugmentation(env, DrawPlain(*preprocessing, size, spec, options, random));
  if (preprocessing->draw == nullptr) {
    throw Error(ErrorCode::kArgument, "name: " + std::string(preprocessing->name) + " has no training form.");
  }
  return MakeAugmentation(env, preprocessing->draw(size, spec, options, random));
}

}  // namespace slimnet
