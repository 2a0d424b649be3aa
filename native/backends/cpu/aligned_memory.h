// Host memory for tensors.
#pragma once

#include <cstddef>
#include <memory>

#include "backend/backend.h"

namespace slimnet::cpu {

// Of the memory of tensors: a cache line, and the widest vector.
inline constexpr size_t kMemoryAlignment = 64;

// `bytes` rounded up, so that what lies behind them is aligned as well.
constexpr size_t AlignedSize(size_t bytes) {
  return (bytes + kMemoryAlignment - 1) / kMemoryAlignment * kMemoryAlignment;
}

// Zeroed memory, aligned to 64 bytes; blocks of 2 MiB and more are aligned to 2 MiB and ask for huge pages, which
// spares the convolutions most of their page-table walks. Throws Error{kMemory} when the system has no more. 0 bytes
// are allowed.
std::unique_ptr<Memory> AllocateAligned(size_t bytes);

}  // namespace slimnet::cpu
