#pragma once

#include "addon/js.h"

namespace slimnet {

// draw(store, [{ name, distribution, location, scale, state }]): Promise<undefined>
napi_value DrawInitialValues(const js::Arguments& arguments);

}  // namespace slimnet
