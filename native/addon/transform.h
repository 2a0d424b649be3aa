// Plans as text, through the compiler's passes.
#pragma once

#include "addon/js.h"

namespace slimnet {

napi_value Transform(const js::Arguments& arguments);  // addon.transform

}  // namespace slimnet
