// Host memory for tensors.
#pragma once

#include <cstddef>
#include <memory>

#include "backend/backend.h"

namespace slimnet::cpu {

// Zeroed memory, aligned to 64 bytes; blocks of 2 MiB and more are aligned to 2 MiB and ask for huge pages, which
// spares the convolutions most of their page-table walks. Throws Error{kMemory} when the system has no more. 0 bytes
// are allowed.
std::unique_ptr<Memory> AllocateAligned(size_t bytes);

}  // namespace slimnet::cpu
