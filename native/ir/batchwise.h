// Ops that work on each image of a batch alone.
#pragma once

#include <optional>
#include <vector>

#include "ir/program.h"

namespace slimnet {

// By input port: true where image i of the results is made of image i of the input, false where all images are made of
// the whole input. Images are told apart by the first dimension, which all results and all such inputs have in common.
// Nothing when the results cannot be computed some images at a time: the op looks across the batch or has an
// effect, or the first dimension is no batch (it is the only one of a bias, say). Post-ops ask nothing more: a
// bias is read whole, what is added image by image.
std::optional<std::vector<bool>> ReadsBatchwise(const Program& program, const Node& node);

}  // namespace slimnet
