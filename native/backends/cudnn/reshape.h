// Ops that leave the bytes of their input as they are.
#pragma once

#include "backends/cudnn/kernel_of.h"
#include "backends/cudnn/ops.h"

namespace slimnet::cudnn {

std::unique_ptr<Kernel> PrepareSameBytes(const OpContext& context);

// Of any dtype, stored as it may be.
inline constexpr OpEntry kSameBytes{
    .floats = cpu::kFloatTypes, .reads_low_precision = true, .prepare = PrepareSameBytes};

}  // namespace slimnet::cudnn
