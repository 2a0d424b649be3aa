// Activations of plain loops. NaN stays NaN, as TensorFlow has it.
#pragma once

#include "backend/backend.h"
#include "base/error.h"

namespace slimnet::onednn {

struct Identity {
  float operator()(float x) const { return x; }
};

struct Relu {
  float operator()(float x) const { return x < 0 ? 0 : x; }
};

struct Relu6 {
  float operator()(float x) const {
    const float positive = x < 0 ? 0 : x;
    return positive > 6 ? 6 : positive;
  }
};

// Calls body with the activation that the node has absorbed, if any.
template <class Body>
auto WithActivation(const Node& node, const Body& body) {
  if (node.post_ops.empty()) return body(Identity{});
  switch (node.post_ops.front().kind) {
    case PostOp::Kind::kRelu:
      return body(Relu{});
    case PostOp::Kind::kRelu6:
      return body(Relu6{});
    default:
      throw Error(ErrorCode::kInternal, "onednn: a loop was given a post-op that Fuses() refuses.")
          .At(Info(node.op).name, node.name);
  }
}

}  // namespace slimnet::onednn
