// What convolutions and matrix products share.
#pragma once

#include "backends/cpu/via_float32.h"

namespace slimnet::reference {

// A product reads low precision where it writes it.
Verdict SupportsProduct(const NodeContext& node);

// What low-precision arithmetic makes of the filter: rounds it to bfloat16, or to 127 steps either way for each output
// channel, as the node's first input is stored. Nothing for nodes without a filter, and for those that read float32.
cpu::FilterRounding RoundingOfFilter(const NodeContext& node);

}  // namespace slimnet::reference
