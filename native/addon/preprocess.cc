#include "addon/preprocess.h"

#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "addon/environment.h"
#include "addon/tensors.h"
#include "base/error.h"
#include "data/preprocessing.h"
#include "runtime/host_block.h"

namespace slimnet {
namespace {

constexpr int64_t kLargestSide = 16384;            // of what the network takes
constexpr int64_t kLargestImageSide = 10'000'000;  // libvips has the same limit
constexpr size_t kMostImages = 65536;
constexpr size_t kMostBytes = size_t{1} << 32;  // of a result

// Pixels of JavaScript. The reference keeps the memory alive while the job may read it.
struct HeldImage {
  ImageView view;
  napi_ref data = nullptr;
};

class PreprocessJob final : public AsyncJob {
 public:
  explicit PreprocessJob(const VggOptions& options) : AsyncJob(nullptr), options_(options) {}

  // On the JavaScript thread.
  void Hold(napi_env env, const ImageView& view, napi_value data) {
    napi_ref reference = nullptr;
    js::Check(env, napi_create_reference(env, data, 1, &reference));
    images_.push_back({view, reference});
  }

  void Execute(const ExecutorResources&) override {
    const size_t floats = static_cast<size_t>(options_.height) * static_cast<size_t>(options_.width) * 3;
    result_ = HostBlock(images_.size() * floats * sizeof(float));
    auto* const out = reinterpret_cast<float*>(result_.data());
    for (size_t i = 0; i < images_.size(); ++i) {
      if (cancelled()) throw Error(ErrorCode::kAborted, "The preprocessing was aborted.");
      VggEval(images_[i].view, options_, out + i * floats);
    }
  }

  napi_value Result(napi_env env) override { return MakeTypedArray(env, DType::kFloat32, std::move(result_)); }

  void Release(napi_env env) noexcept override {
    for (const HeldImage& image : images_) napi_delete_reference(env, image.data);
    images_.clear();
  }

 private:
  VggOptions options_;
  std::vector<HeldImage> images_;
  HostBlock result_;
};

VggOptions ReadSpec(napi_env env, napi_value spec) {
  const std::string name = js::ReadString(env, js::Get(env, spec, "name", "spec"), "name", 64);
  if (name != "vgg") throw Error(ErrorCode::kArgument, "name: there is no preprocessing " + name + "; there is vgg.");
  VggOptions options;
  options.height = js::ReadInteger(env, js::Get(env, spec, "height", "spec"), "height", 1, kLargestSide);
  options.width = js::ReadInteger(env, js::Get(env, spec, "width", "spec"), "width", 1, kLargestSide);
  options.resize_side =
      js::ReadInteger(env, js::Get(env, spec, "resizeSide", "spec"), "resizeSide", 1, 2 * kLargestSide);
  return options;
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
  const VggOptions options = ReadSpec(env, arguments[0]);
  std::vector<GivenImage> images;
  for (const napi_value image : js::ReadArray(env, arguments[1], "images", kMostImages)) {
    images.push_back(ReadImage(env, image));
  }
  const double bytes = static_cast<double>(images.size()) * static_cast<double>(options.height) *
                       static_cast<double>(options.width) * 3 * sizeof(float);
  if (bytes > static_cast<double>(kMostBytes)) {
    throw Error(ErrorCode::kArgument, "images: " + std::to_string(images.size()) +
                                          " images of this size make more than " + std::to_string(kMostBytes) +
                                          " bytes. Hint: preprocess fewer at once.");
  }
  // From here on no JavaScript runs that could take the pixels away.
  auto job = std::make_unique<PreprocessJob>(options);
  try {
    for (GivenImage& given : images) {
      ReadPixels(env, given);
      VggGeometry(given.view.height, given.view.width, options);
      job->Hold(env, given.view, given.data);
    }
  } catch (...) {
    job->Release(env);
    throw;
  }
  // A thread of its own: pictures are made ready while a network runs.
  Environment& environment = Environment::Of(env);
  return environment.Start(*environment.ExecutorFor("null", 1), std::move(job), std::numeric_limits<size_t>::max());
}

}  // namespace slimnet
