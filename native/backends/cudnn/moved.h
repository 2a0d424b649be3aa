// Ops whose results are elements of their input in other places, and zeros.
#pragma once

#include <memory>

#include "backends/cudnn/device.h"
#include "backends/cudnn/kernels/move.h"

namespace slimnet::cudnn {

// `movement` counts bytes of the input as it is stored.
std::unique_ptr<Kernel> PrepareMovement(const OpContext& context, const Movement& movement);

// Movement::Pad or Crop, by pads before and behind each axis.
std::unique_ptr<Kernel> PrepareBorders(const OpContext& context, Movement (*made)(Dims from, Dims pads, size_t bytes),
                                       Dims pads);

}  // namespace slimnet::cudnn
