// Locks of files, which the system takes back when the process ends, however it ends.
#pragma once

#include "addon/js.h"

namespace slimnet {

napi_value LockFile(const js::Arguments& arguments);  // addon.lockFile

}  // namespace slimnet
