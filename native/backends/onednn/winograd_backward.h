// The gradient of a 3x3 convolution's images by Winograd's method: it is a 3x3 convolution of the gradient with the
// filter turned round, whose input and output channels change places.
#pragma once

#include <memory>

#include "backends/onednn/ops.h"

namespace slimnet::onednn {

// Whether a conv2d_backward_data is better computed so. Depends on sizes and attributes alone.
bool PrefersWinogradBackward(const OpContext& context);

// For a node that does: the filter is turned round, transformed and packed in each run, for a step of training has
// changed it.
std::unique_ptr<Kernel> PrepareWinogradBackward(const OpContext& context);

}  // namespace slimnet::onednn
