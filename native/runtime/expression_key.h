// Names for what a prologue computes, so that programs of one store can share the results.
#pragma once

#include <string>
#include <vector>

#include "ir/program.h"

namespace slimnet {

// For each value that depends on variables and constants alone: text that says how it is made (ops, attributes, fused
// tail, variable names, type, layout). Equal texts mean equal values. Empty for all other values, and where the text
// would be longer than is useful: such values are not shared.
std::vector<std::string> ExpressionKeys(const Program& program);

}  // namespace slimnet
