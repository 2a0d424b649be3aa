// Host memory that shares its pages with no other memory.
#pragma once

#include <cstddef>
#include <memory>

#include "backend/backend.h"

namespace slimnet::cpu {

// As AllocateAligned, in pages of its own however small it is: they may be replaced by others. Throws Error{kMemory}.
std::unique_ptr<Memory> AllocatePages(size_t bytes);

}  // namespace slimnet::cpu
