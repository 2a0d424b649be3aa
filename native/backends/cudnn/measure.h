// How long plans take on the device, for whoever chooses among them.
#pragma once

#include "backends/cudnn/device.h"

namespace slimnet::cudnn {

// Runs plans one at a time on the device, in memory of their own: Error{kMemory} where there is none left.
Autotune AutotuneOn(const Device& device, double seconds);

}  // namespace slimnet::cudnn
