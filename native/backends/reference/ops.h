// The ops that this backend computes itself: an entry in the file of the op's name. All others are cpu/loops.h's.
#pragma once

#include "backends/cpu/op_entry.h"
#include "gen/reference_ops.gen.h"

namespace slimnet::reference {

using OpEntry = cpu::OpEntry<NodeContext, true>;

#define SLIMNET_DECLARE_ENTRY(Op) extern const OpEntry k##Op;
SLIMNET_REFERENCE_OPS(SLIMNET_DECLARE_ENTRY)
#undef SLIMNET_DECLARE_ENTRY

}  // namespace slimnet::reference
