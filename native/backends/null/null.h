// A backend that computes nothing: plans compile on it as they would for a real one, results are zeros. For tests of
// the compiler.
#pragma once

#include "backend/backend.h"

namespace slimnet {

BackendEntry NullEntry();

}  // namespace slimnet
