// What this backend does for each op: one file an op, named after it. A missing one fails to link, by name.
#pragma once

#include <memory>

#include "backend/backend.h"
#include "backends/onednn/engine.h"

namespace slimnet::onednn {

#define SLIMNET_DECLARE_PREPARE(Op, name) std::unique_ptr<Kernel> Prepare##Op(const OpContext& context);
SLIMNET_FOR_EACH_OP(SLIMNET_DECLARE_PREPARE)
#undef SLIMNET_DECLARE_PREPARE

// The layout in which oneDNN wants the second input; null for plain.
LayoutPtr PreferConv2d(const OpContext& context);
LayoutPtr PreferMatmul(const OpContext& context);

// Whether oneDNN has kernels for a node that reads or writes low precision.
Verdict SupportsLowPrecisionConv2d(const OpContext& context);
Verdict SupportsLowPrecisionMatmul(const OpContext& context);

}  // namespace slimnet::onednn
