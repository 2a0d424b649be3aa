// Values that are no numbers, in what others bring.
#pragma once

#include "addon/js.h"

namespace slimnet {

napi_value AllFinite(const js::Arguments& arguments);  // addon.allFinite

}  // namespace slimnet
