// What a node's values are to cuDNN and to kernels.
#pragma once

#include <algorithm>

#include "backend/backend.h"
#include "backends/cudnn/graph/graph.h"

namespace slimnet::cudnn {

// As what the elements of a value lie in memory.
inline DType StoredDType(const Value& value) { return value.encoding ? value.encoding->dtype : value.type.dtype; }

// What an integer 1 stands for; 0 where no integers stand for numbers.
inline double StepOf(const Value& value) { return value.encoding ? value.encoding->step : 0; }

// [N,H,W,C] in cuDNN's order; in memory both lie as they are.
inline Extents ImageExtents(const Shape& shape) { return {shape[0], shape[3], shape[1], shape[2]}; }

template <class Attrs>
Window ConvolutionWindow(const Attrs& attrs) {
  return {.before = {attrs.pads[0], attrs.pads[2]},
          .after = {attrs.pads[1], attrs.pads[3]},
          .strides = attrs.strides,
          .dilations = attrs.dilations};
}

// What there is once for each channel.
inline Extents ChannelExtents(int64_t channels) { return {1, channels, 1, 1}; }

inline bool IsEmpty(const Value& value) { return ElementCount(value.type.shape) == 0; }

// Whether any value around the node is stored in low precision.
inline bool IsLowPrecision(const NodeContext& node) {
  const auto low = [&](ValueId id) { return id != kNoValue && node.program.values[At(id)].encoding.has_value(); };
  return std::ranges::any_of(node.node.inputs, low) || std::ranges::any_of(node.node.outputs, low) ||
         std::ranges::any_of(node.node.post_ops, [&](const PostOp& post) { return low(post.operand); });
}

}  // namespace slimnet::cudnn
