// The post-ops of a convolution or a product as oneDNN takes them.
#pragma once

#include <optional>
#include <span>

#include "backends/onednn/engine.h"

namespace slimnet::onednn {

struct FusedTail {
  dnnl::primitive_attr attr;
  std::optional<size_t> bias;  // index of the post-op that brings the bias: an argument of the primitive itself
  std::optional<size_t> add;   // index of the post-op whose operand the result is added to
};

// What a convolution or a product may absorb: [bias] [add in place] [relu | relu6].
Verdict FusesTail(const OpContext& context, std::span<const PostOp> before, const PostOp& next);

// The tail of a node that absorbed such. oneDNN's relu turns NaN into 0,
// where the op on its own keeps it.
FusedTail TailOf(const NodeContext& node);

// The attributes of a primitive that takes no more than an activation. `tail` holds relu or relu6.
void AppendActivation(dnnl::post_ops& ops, PostOp::Kind kind);

// Adds the post-ops to a key.
void AddTail(Key& key, const NodeContext& node);

}  // namespace slimnet::onednn
