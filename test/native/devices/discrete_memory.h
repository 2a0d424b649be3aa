// Memory that nobody may touch at the addresses which are handed out for it.
#pragma once

#include <cstddef>
#include <memory>

#include "backend/backend.h"

namespace slimnet::testing {

// Each block is mapped twice: without access for good where its DevicePtr says, and once more for the device's own
// kernels. Whoever follows a DevicePtr, or takes a pointer of the host for one, ends with a segmentation fault. Filled
// with ones, which are NaN: what a device hands out holds no zeros. Throws Error{kMemory}.
std::unique_ptr<Memory> AllocateDiscrete(size_t bytes);

// Where the device's kernels find it, as a pointer of a CPU backend. Null stays null.
DevicePtr ForKernel(DevicePtr pointer);

}  // namespace slimnet::testing
