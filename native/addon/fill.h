// Variables out of files.
#pragma once

#include <node_api.h>

#include "addon/js.h"

namespace slimnet {

// fill(store, fills): see lib/native/addon.ts.
napi_value FillFromFiles(const js::Arguments& arguments);
// settle(store, names)
napi_value SettleVariables(const js::Arguments& arguments);

}  // namespace slimnet
