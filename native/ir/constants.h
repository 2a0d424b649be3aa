// Values that are made of variables and constants alone.
#pragma once

#include <vector>

#include "ir/program.h"

namespace slimnet {

// False for ops whose results are others in each run, or in each repetition of the microbatch loop, although all that
// they read is the same: program inputs, random ops, ops with effect, moving views.
bool MayBeConstant(OpKind op);

// Whether the results of the node are the same in each run and each repetition while the variables stay the same.
// `constant` says so of the values that it reads.
bool IsConstant(const Node& node, const std::vector<bool>& constant);

// By value: true for results of such nodes.
std::vector<bool> ConstantValues(const Program& program);

}  // namespace slimnet
