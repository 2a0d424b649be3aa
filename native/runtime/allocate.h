// Memory with a check in front of it.
#pragma once

#include <cstddef>
#include <memory>

#include "backend/backend.h"

namespace slimnet {

// Refuses what can never fit: a system that hands out more memory than it has would only find out when the memory is
// used, and then it ends the process. Throws Error{kMemory}.
void RequireFits(const Backend& backend, size_t bytes);

// Memory of `backend`, after RequireFits. Throws Error{kMemory}.
std::unique_ptr<Memory> Allocate(const Backend& backend, size_t bytes);

// Memory of the host for what the device will be given, pinned where it has a use for that, after RequireFits. Throws
// Error{kMemory}.
std::unique_ptr<Memory> AllocateOnHost(const Backend& backend, size_t bytes);

}  // namespace slimnet
