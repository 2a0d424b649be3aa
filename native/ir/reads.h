// What a node reads.
#pragma once

#include "ir/program.h"

namespace slimnet {

// Calls `function` with each value that a node reads: inputs, then operands of post-ops. By reference where the node
// may be changed.
template <class AnyNode, class Function>
void ForEachRead(AnyNode& node, const Function& function) {
  for (auto& input : node.inputs) function(input);
  for (auto& post : node.post_ops) {
    if (post.operand != kNoValue) function(post.operand);
  }
}

}  // namespace slimnet
