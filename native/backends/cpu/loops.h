// Ops that move or pick values and hardly calculate: all backends on the host compute them with the same plain loops,
// but for those of which they have entries of their own.
#pragma once

#include "backends/cpu/op_entry.h"

namespace slimnet::cpu {

using Loop = OpEntry<NodeContext, true>;

// Null where there is none.
const Loop* LoopOf(OpKind op);

}  // namespace slimnet::cpu
