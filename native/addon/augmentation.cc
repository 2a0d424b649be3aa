#include "addon/augmentation.h"

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace slimnet {
namespace {

constexpr size_t kMostColourSteps = 16;
constexpr size_t kMostBoxes = 65536;
constexpr int64_t kLargestCoordinate = int64_t{1} << 40;

template <typename T>
struct Named {
  std::string_view name;
  T value;
};

constexpr std::array<Named<ResizeMethod>, 10> kResizeMethods{{{"bilinear", ResizeMethod::kBilinear},
                                                              {"nearest", ResizeMethod::kNearest},
                                                              {"bicubic", ResizeMethod::kBicubic},
                                                              {"area", ResizeMethod::kArea},
                                                              {"pillow_bilinear", ResizeMethod::kPillowBilinear},
                                                              {"pillow_nearest", ResizeMethod::kPillowNearest},
                                                              {"pillow_bicubic", ResizeMethod::kPillowBicubic},
                                                              {"pillow_area", ResizeMethod::kPillowArea},
                                                              {"pillow_hamming", ResizeMethod::kPillowHamming},
                                                              {"pillow_lanczos", ResizeMethod::kPillowLanczos}}};

constexpr std::array<Named<ColourOp>, 4> kColourOps{{{"brightness", ColourOp::kBrightness},
                                                     {"saturation", ColourOp::kSaturation},
                                                     {"hue", ColourOp::kHue},
                                                     {"contrast", ColourOp::kContrast}}};

template <typename T, size_t kCount>
T FindNamed(const std::string& name, const char* what, const std::array<Named<T>, kCount>& all) {
  std::string names;
  for (const Named<T>& item : all) {
    if (item.name == name) return item.value;
    names += (names.empty() ? "" : ", ") + std::string(item.name);
  }
  throw Error(ErrorCode::kArgument, std::string(what) + ": expected one of " + names + ", received " + name + ".");
}

template <typename T, size_t kCount>
T ReadNamed(napi_env env, napi_value value, const char* what, const std::array<Named<T>, kCount>& all) {
  return FindNamed(js::ReadString(env, value, what, 64), what, all);
}

template <typename T, size_t kCount>
napi_value MakeNamed(napi_env env, T value, const std::array<Named<T>, kCount>& all) {
  for (const Named<T>& item : all) {
    if (item.value == value) return js::String(env, item.name);
  }
  throw Error(ErrorCode::kInternal, "A value has no name.");
}

Box ReadBox(napi_env env, napi_value value, const char* what) {
  const auto read = [&](const char* name) {
    return js::ReadInteger(env, js::Get(env, value, name, what), name, 0, kLargestCoordinate);
  };
  return {read("top"), read("left"), read("height"), read("width")};
}

napi_value MakeBox(napi_env env, const Box& box) {
  const napi_value value = js::Object(env);
  js::Set(env, value, "top", js::Number(env, static_cast<double>(box.top)));
  js::Set(env, value, "left", js::Number(env, static_cast<double>(box.left)));
  js::Set(env, value, "height", js::Number(env, static_cast<double>(box.height)));
  js::Set(env, value, "width", js::Number(env, static_cast<double>(box.width)));
  return value;
}

RelativeBox ReadRelativeBox(napi_env env, napi_value value) {
  const std::vector<napi_value> ends = js::ReadArray(env, value, "boxes", 4);
  if (ends.size() != 4) {
    throw Error(ErrorCode::kArgument,
                "boxes: expected [top, left, bottom, right], received " + std::to_string(ends.size()) + " numbers.");
  }
  const auto part = [&](size_t i) { return static_cast<float>(js::ReadNumber(env, ends[i], "boxes", 0, 1)); };
  const RelativeBox box{part(0), part(1), part(2), part(3)};
  if (box.top >= box.bottom || box.left >= box.right) {
    throw Error(ErrorCode::kArgument, "boxes: expected top < bottom and left < right.");
  }
  return box;
}

struct Bounds {
  float least;
  float most;
};

Bounds ReadBounds(napi_env env, napi_value value, const char* name, double most) {
  const std::vector<napi_value> ends = js::ReadArray(env, js::Get(env, value, name, "plain"), name, 2);
  if (ends.size() != 2) throw Error(ErrorCode::kArgument, std::string(name) + ": expected [least, most].");
  const double low = js::ReadNumber(env, ends[0], name, 1e-6, most);
  return {static_cast<float>(low), static_cast<float>(js::ReadNumber(env, ends[1], name, low, most))};
}

PlainBounds ReadPlainBounds(napi_env env, napi_value value) {
  constexpr const char* kWhat = "plain";
  const auto number = [&](const char* name, double most) {
    return static_cast<float>(js::ReadNumber(env, js::Get(env, value, name, kWhat), name, 0, most));
  };
  const auto [area_min, area_max] = ReadBounds(env, value, "area", 1);
  const auto [aspect_min, aspect_max] = ReadBounds(env, value, "aspect", 100);
  return {.area_min = area_min,
          .area_max = area_max,
          .aspect_min = aspect_min,
          .aspect_max = aspect_max,
          .flip = js::ReadBoolean(env, js::Get(env, value, "flip", kWhat), "flip"),
          .brightness = number("brightness", 1),
          .contrast = number("contrast", 1),
          .saturation = number("saturation", 1),
          .hue = number("hue", 0.5)};
}

}  // namespace

ResizeMethod ResizeMethodNamed(const char* what, const std::string& name) {
  return FindNamed(name, what, kResizeMethods);
}

Augmentation ReadAugmentation(napi_env env, napi_value value) {
  constexpr const char* kWhat = "augmentation";
  Augmentation augmentation;
  augmentation.resize_side =
      js::ReadInteger(env, js::Get(env, value, "resizeSide", kWhat), "resizeSide", 0, kLargestResizeSide);
  augmentation.crop = ReadBox(env, js::Get(env, value, "crop", kWhat), "crop");
  augmentation.resize_method =
      ReadNamed(env, js::Get(env, value, "resizeMethod", kWhat), "resizeMethod", kResizeMethods);
  augmentation.flip = js::ReadBoolean(env, js::Get(env, value, "flip", kWhat), "flip");
  const napi_value colour = js::Get(env, value, "colour", kWhat);
  for (const napi_value step : js::ReadArray(env, colour, "colour", kMostColourSteps)) {
    const ColourOp op = ReadNamed(env, js::Get(env, step, "op", "colour"), "op", kColourOps);
    const double amount = js::ReadNumber(env, js::Get(env, step, "amount", "colour"), "amount", -1e6, 1e6);
    augmentation.colour.push_back({op, static_cast<float>(amount)});
  }
  return augmentation;
}

napi_value MakeAugmentation(napi_env env, const Augmentation& augmentation) {
  std::vector<napi_value> colour;
  for (const ColourStep& step : augmentation.colour) {
    const napi_value made = js::Object(env);
    js::Set(env, made, "op", MakeNamed(env, step.op, kColourOps));
    js::Set(env, made, "amount", js::Number(env, static_cast<double>(step.amount)));
    colour.push_back(made);
  }
  const napi_value value = js::Object(env);
  js::Set(env, value, "resizeSide", js::Number(env, static_cast<double>(augmentation.resize_side)));
  js::Set(env, value, "crop", MakeBox(env, augmentation.crop));
  js::Set(env, value, "resizeMethod", MakeNamed(env, augmentation.resize_method, kResizeMethods));
  js::Set(env, value, "flip", js::Boolean(env, augmentation.flip));
  js::Set(env, value, "colour", js::Array(env, colour));
  return value;
}

DrawOptions ReadDrawOptions(napi_env env, napi_value value) {
  constexpr const char* kWhat = "options";
  DrawOptions options;
  const auto side = [&](const char* name, int64_t least) {
    return js::ReadInteger(env, js::Get(env, value, name, kWhat), name, least, kLargestResizeSide);
  };
  options.resize_side_min = side("resizeSideMin", 1);
  options.resize_side_max = side("resizeSideMax", options.resize_side_min);
  options.fast_mode = js::ReadBoolean(env, js::Get(env, value, "fastMode", kWhat), "fastMode");
  for (const napi_value box : js::ReadArray(env, js::Get(env, value, "boxes", kWhat), "boxes", kMostBoxes)) {
    options.boxes.push_back(ReadRelativeBox(env, box));
  }
  const napi_value plain = js::Get(env, value, "plain", kWhat);
  if (!js::IsUndefined(env, plain)) options.plain = ReadPlainBounds(env, plain);
  return options;
}

}  // namespace slimnet
