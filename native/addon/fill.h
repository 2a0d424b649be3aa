// Variables out of files.
#pragma once

#include <node_api.h>

#include "addon/js.h"

namespace slimnet {

// fill(store, fills): see lib/native/addon.ts.
napi_value FillFromFiles(const js::Arguments& arguments);
// hashContents(store, names)
napi_value HashVariableContents(const js::Arguments& arguments);

}  // namespace slimnet
