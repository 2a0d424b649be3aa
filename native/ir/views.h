// Values that are the very bytes of another value.
#pragma once

#include <vector>

#include "ir/program.h"

namespace slimnet {

// True for ops that only give their input another shape.
bool IsView(OpKind op);

// By value: the value whose bytes it is, through any number of views; itself when no view makes it.
std::vector<ValueId> ViewRoots(const Program& program);

}  // namespace slimnet
