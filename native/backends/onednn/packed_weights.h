// Second inputs that oneDNN wants in an order of its own.
#pragma once

#include "backends/onednn/layout.h"
#include "backends/onednn/primitive_kernel.h"

namespace slimnet::onednn {

// The layout that a primitive chose for its weights, null when that is the plain one.
LayoutPtr WeightsLayout(const MemoryDesc& plain, const MemoryDesc& chosen);

// The weights argument for a primitive that wants input `port` as `wanted`. Where the value is laid out otherwise,
// which is the case for weights that are computed in each run, a reorder into scratch memory goes ahead.
Argument WeightsArgument(const OpContext& context, size_t port, const MemoryDesc& plain, const MemoryDesc& wanted,
                         PrimitiveSequence& sequence);

// A primitive that copies from one layout into another.
PreparedPtr PrepareReorderOf(const OpContext& context, const MemoryDesc& from, const MemoryDesc& to);

}  // namespace slimnet::onednn
