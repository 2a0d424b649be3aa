// The oneDNN backend: convolutions, products, poolings and normalisations by oneDNN's generated code, the rest by plain
// loops.
#pragma once

#include "backend/backend.h"

namespace slimnet {

BackendEntry OnednnEntry();

}  // namespace slimnet
