// Image preprocessing, off the JavaScript thread.
#pragma once

#include "addon/js.h"

namespace slimnet {

napi_value Preprocess(const js::Arguments& arguments);        // addon.preprocess
napi_value DrawAugmentation(const js::Arguments& arguments);  // addon.drawAugmentation

}  // namespace slimnet
