// What canonicalize does with transposes.
#pragma once

#include "ir/program.h"

namespace slimnet {

// Moves transposes behind the ops that do not mind the order of the axes, merges those that meet and drops those that
// cancel each other or were made before: a chain of layers whose channels come first keeps one transpose at each end.
// What only moves axes of size 1 becomes a reshape.
void SinkTransposes(Program& program);

}  // namespace slimnet
