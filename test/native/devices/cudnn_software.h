// The cuDNN backend on a device in software: the real library makes the real plans, and an interpreter computes them.
#pragma once

#include "backend/backend.h"

namespace slimnet::testing {

// Not available, with the reason, where the build had no cuDNN.
BackendEntry CudnnSoftwareEntry();

}  // namespace slimnet::testing
