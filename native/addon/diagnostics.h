// What this build and this machine can do.
#pragma once

#include "addon/js.h"

namespace slimnet {

napi_value BackendNames(const js::Arguments& arguments);  // addon.backendNames
napi_value Backends(const js::Arguments& arguments);      // addon.backends
napi_value Diagnostics(const js::Arguments& arguments);   // addon.diagnostics

}  // namespace slimnet
