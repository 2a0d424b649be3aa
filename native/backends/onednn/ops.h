// The ops that this backend computes itself: an entry in the file of the op's name. All others are cpu/loops.h's.
#pragma once

#include "backends/cpu/op_entry.h"
#include "backends/onednn/engine.h"
#include "gen/onednn_ops.gen.h"

namespace slimnet::onednn {

using OpEntry = cpu::OpEntry<OpContext, false>;

#define SLIMNET_DECLARE_ENTRY(Op) extern const OpEntry k##Op;
SLIMNET_ONEDNN_OPS(SLIMNET_DECLARE_ENTRY)
#undef SLIMNET_DECLARE_ENTRY

}  // namespace slimnet::onednn
