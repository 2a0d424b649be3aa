// Values that are the very bytes of another value.
#pragma once

#include <vector>

#include "ir/program.h"

namespace slimnet {

// True for ops whose result is bytes of their input: under another shape, or a part or the whole of a batch.
constexpr bool IsView(OpKind op) { return Info(op).view != View::kNone; }

// True for the views by which a microbatch loop reads and leaves its images: the bytes are others in each repetition,
// so that the runtime must know them and no kernel can stand for them.
constexpr bool IsMovingView(OpKind op) { return Info(op).view == View::kMoving; }

// By value: the value whose bytes it is, through any number of views; itself when no view makes it.
std::vector<ValueId> ViewRoots(const Program& program);

}  // namespace slimnet
