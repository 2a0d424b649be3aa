// What stands behind a batch norm in training, or behind the way back from one: a sum, then a rectifier.
#pragma once

#include <optional>
#include <span>

#include "backends/cpu/bindings.h"
#include "backends/cpu/norm/normalize.h"
#include "backends/onednn/engine.h"

namespace slimnet::onednn {

// What the file of such an op has for `fuses`.
Verdict FusesSum(const OpContext& context, std::span<const PostOp> before, const PostOp& next);
Verdict FusesSumAndActivation(const OpContext& context, std::span<const PostOp> before, const PostOp& next);

struct NormTail {
  std::optional<size_t> add;  // post-op
  cpu::norm::Ends ends;

  explicit NormTail(const Node& node);

  // What is added, stored as the result is; null where nothing is.
  template <class To>
  const To* Added(const Bindings& b) const {
    return add ? cpu::Operand<To>(b, *add) : nullptr;
  }
};

}  // namespace slimnet::onednn
