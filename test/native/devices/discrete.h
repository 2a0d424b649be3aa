// The reference backend on a device with memory of its own. No GPU is needed to see that the runtime is ready for one.
#pragma once

#include "backend/backend.h"

namespace slimnet::testing {

BackendEntry DiscreteEntry();

}  // namespace slimnet::testing
