// Post-ops that own kernels absorb.
#pragma once

#include <array>
#include <span>
#include <vector>

#include "backends/cudnn/device.h"
#include "backends/cudnn/floats_of.h"
#include "backends/cudnn/kernels/operand.h"

namespace slimnet::cudnn {

// What an op's file has for `fuses`: sums, masks and activations, as many as a kernel takes.
Verdict FusesOwnTail(const OpContext& context, std::span<const PostOp> before, const PostOp& next);

// The post-ops of a node.
class OwnTail {
 public:
  explicit OwnTail(const NodeContext& node);

  // `room` keeps what is returned.
  using Room = std::array<TailOp, kMostTailOps>;
  std::span<const TailOp> At(const Bindings& bindings, Room& room) const;

 private:
  struct Absorbed {
    TailKind kind;
    FloatsOf operand;
  };
  std::vector<Absorbed> absorbed_;
};

}  // namespace slimnet::cudnn
