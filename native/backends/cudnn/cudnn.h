// The cuDNN backend: convolutions, products, poolings and normalisations by cuDNN's graphs, the rest by kernels of our
// own (kernels/). Knows the device through gpu/gpu.h alone.
#pragma once

#include <memory>
#include <string>

#include "backend/backend.h"
#include "backends/cudnn/device.h"

namespace slimnet::cudnn {

// `features` are what the device and the library say about themselves, for DeviceInfo.
std::unique_ptr<Backend> MakeBackend(std::string name, std::string device, Device parts,
                                     std::vector<std::string> features);

// The layout of that name; null where this backend has none of it.
LayoutPtr LayoutNamed(const std::string& name);

}  // namespace slimnet::cudnn
