// What low-precision arithmetic makes of the filter of a convolution or product.
#pragma once

#include "backends/cpu/via_float32.h"

namespace slimnet::reference {

// Rounds the filter to bfloat16, or to 127 steps either way for each output channel, as the node's first input is
// stored. Nothing for nodes without a filter, and for those that read float32.
cpu::FilterRounding RoundingOfFilter(const NodeContext& node);

}  // namespace slimnet::reference
