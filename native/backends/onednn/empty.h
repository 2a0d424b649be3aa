// Tensors without elements, for which oneDNN refuses some primitives.
#pragma once

#include "backend/backend.h"

namespace slimnet::onednn {

// Whether there are no elements to compute and no variables to change.
bool HasNothingToDo(const NodeContext& node);

// What products have for `supports`: no where a result that is not empty comes of an input that is.
Verdict SupportsEmptyInputs(const NodeContext& node);

}  // namespace slimnet::onednn
