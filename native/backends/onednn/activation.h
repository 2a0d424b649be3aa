// Activations of plain loops. NaN stays NaN, as TensorFlow has it.
#pragma once

#include <span>
#include <string>

#include "backends/onednn/engine.h"
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

// What the file of an op that computes so has for `fuses`.
inline Verdict FusesActivation(const OpContext& context, std::span<const PostOp> before, const PostOp& next) {
  if (before.empty() && IsActivation(next.kind)) return Verdict::Yes();
  return Verdict::No(std::string(Info(context.node.op).name) + " absorbs one activation");
}

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
