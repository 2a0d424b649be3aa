// The backend that says what is right: plain loops, sums in double, one file for each op. Other backends are compared
// with it.
#pragma once

#include "backend/backend.h"

namespace slimnet {

BackendEntry ReferenceEntry();

}  // namespace slimnet
