// Augmentations of pictures as objects of JavaScript; lib/native/addon.ts says what they hold.
#pragma once

#include <string>

#include "addon/js.h"
#include "data/preprocessing.h"

namespace slimnet {

constexpr int64_t kLargestResizeSide = 32768;

// By the name that an augmentation has for it. Throws Error{kArgument} when there is none.
ResizeMethod ResizeMethodNamed(const char* what, const std::string& name);

Augmentation ReadAugmentation(napi_env env, napi_value value);
napi_value MakeAugmentation(napi_env env, const Augmentation& augmentation);
DrawOptions ReadDrawOptions(napi_env env, napi_value value);

}  // namespace slimnet
