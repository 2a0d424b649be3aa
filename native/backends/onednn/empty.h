// Tensors without elements, for which oneDNN refuses some primitives.
#pragma once

#include <memory>

#include "backend/backend.h"

namespace slimnet::onednn {

// Whether there are no elements to compute and no variables to change.
bool HasNothingToDo(const NodeContext& node);

// Whether a product of two inputs makes a result that is not empty out of one that is: zeros.
bool SumsNothing(const NodeContext& node);

// A step whose result is zeros, however it is stored.
std::unique_ptr<Kernel> Zeros(const NodeContext& node);

}  // namespace slimnet::onednn
