// One function for each op, in the file of the op's name: a missing file is a link error that names it.
#pragma once

#include <memory>

#include "backend/backend.h"

namespace slimnet::reference {

#define SLIMNET_DECLARE_PREPARE(Pascal, snake) std::unique_ptr<Kernel> Prepare##Pascal(const NodeContext& node);
SLIMNET_FOR_EACH_OP(SLIMNET_DECLARE_PREPARE)
#undef SLIMNET_DECLARE_PREPARE

}  // namespace slimnet::reference
