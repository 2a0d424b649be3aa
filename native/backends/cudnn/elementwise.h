// Elementwise ops as own kernels: what an op's file has for `prepare`.
#pragma once

#include "backends/cudnn/kernels/elementwise.h"
#include "backends/cudnn/ops.h"

namespace slimnet::cudnn {

std::unique_ptr<Kernel> PrepareUnary(const OpContext& context, Unary op);
// `parameter`: see kernels/elementwise.h.
std::unique_ptr<Kernel> PrepareBinary(const OpContext& context, Binary op, float parameter = 0);

template <Unary kOp>
std::unique_ptr<Kernel> PrepareUnary(const OpContext& context) {
  return PrepareUnary(context, kOp);
}
template <Binary kOp>
std::unique_ptr<Kernel> PrepareBinary(const OpContext& context) {
  return PrepareBinary(context, kOp);
}

}  // namespace slimnet::cudnn
