// What this backend takes: types by op, and which operations it can absorb.
#pragma once

#include "backend/backend.h"

namespace slimnet::onednn {

Verdict SupportsNode(const NodeContext& node);
Verdict FusesPostOp(const NodeContext& node, const PostOp& next);

}  // namespace slimnet::onednn
