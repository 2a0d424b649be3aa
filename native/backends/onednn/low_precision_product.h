// What convolutions and products of low precision share: types, scales, and filters of integers.
#pragma once

#include <vector>

#include "backends/onednn/layout.h"
#include "backends/onednn/primitive_kernel.h"

namespace slimnet::onednn {

// Type of the filter that goes with the way in which input 0 is stored.
DType FilterDType(const NodeContext& node);

// Whether input 0 is stored in integers.
bool ReadsQuantized(const NodeContext& node);

// Announces the steps of input 0, the filter (one for each output channel, which is dimension `channel_dim` of the
// filter's description) and the result, where they are integers.
void SetScales(dnnl::primitive_attr& attr, const NodeContext& node, int channel_dim);

// The arguments that bring those steps. The filter's must have a layout of QuantizedFilterLayout.
void AddScales(std::vector<Argument>& arguments, const NodeContext& node);

// What tells two such primitives apart besides shapes.
void AddStorage(Key& key, const NodeContext& node);

// The layout of a filter in integers, packed as `packed`; `plain` describes it row-major, in 8-bit numbers.
LayoutPtr QuantizedFilterLayout(const NodeContext& node, const MemoryDesc& plain, const MemoryDesc& packed);

// From a row-major float32 filter into such a layout.
std::unique_ptr<Kernel> PrepareQuantizedFilter(const OpContext& context, const OnednnLayout& layout);

// Yes when oneDNN has an implementation of its own for the primitive that `choose` gives; `choose` may throw Error.
Verdict HasFastKernel(const std::function<PreparedPtr()>& choose);

}  // namespace slimnet::onednn
