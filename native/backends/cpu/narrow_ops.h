// Which ops read and write values that are stored narrowly. All others get float32.
#pragma once

#include "backend/backend.h"

namespace slimnet::cpu {

constexpr bool TakesNarrow(OpKind op) {
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

}  // namespace slimnet::cpu
