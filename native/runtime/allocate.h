// Device memory with a check in front of it.
#pragma once

#include <cstddef>
#include <memory>

#include "backend/backend.h"

namespace slimnet {

// Memory of `backend`. What can never fit is refused here: a system that hands out more than it has would only find out
// when the memory is used, and then it ends the process. Throws Error{kMemory}.
std::unique_ptr<Memory> Allocate(const Backend& backend, size_t bytes);

}  // namespace slimnet
