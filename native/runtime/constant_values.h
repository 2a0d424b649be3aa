// The bytes of a plan's constants.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "ir/program.h"

namespace slimnet {

// Row-major bytes of a constant of `type`: as many values as it has elements, or one that fills it. Values are rounded
// as storing into a typed array of that dtype rounds them; integers are cut off towards zero and stay inside their
// range.
std::vector<std::byte> ConstantBytes(const TensorType& type, std::span<const double> values);

}  // namespace slimnet
