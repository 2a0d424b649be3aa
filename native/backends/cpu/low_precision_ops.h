// Which ops read and write values that are stored in low precision. All others get float32.
#pragma once

#include "backend/backend.h"

namespace slimnet::cpu {

constexpr bool TakesLowPrecision(OpKind op) {
  switch (op) {
    case OpKind::kAdd:
    case OpKind::kAvgPool2d:
    case OpKind::kBatchNorm:
    case OpKind::kBiasAdd:
    case OpKind::kConv2d:
    case OpKind::kMatmul:
    case OpKind::kMaxPool2d:
    case OpKind::kPad:
    case OpKind::kReduceMean:
    case OpKind::kRelu:
    case OpKind::kRelu6:
    case OpKind::kReorder:
    case OpKind::kReshape:
    case OpKind::kSqueeze:
      return true;
    default:
      return false;
  }
}

// A convolution or product that reads float32 and writes low precision.
inline bool LowersPrecision(const NodeContext& node) {
  const bool product = node.node.op == OpKind::kConv2d || node.node.op == OpKind::kMatmul;
  return product && !node.input(0).encoding && node.output(0).encoding;
}

}  // namespace slimnet::cpu
