// Values of variables straight from files that hold them as they are in memory, on several threads: what one thread of
// JavaScript would read, check and copy one after the other.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "backend/backend.h"
#include "runtime/store.h"

namespace slimnet {

// All bytes of a variable, little-endian, from `offset` of an open file on.
struct Fill {
  std::string variable;
  int file = -1;  // descriptor
  int64_t offset = 0;
  std::optional<uint32_t> checksum;  // CRC-32C
};

// Why a variable could not be filled.
struct FillProblem {
  enum class Kind {
    kChecksum,  // `computed` is what the bytes give
    kEnd,       // the file ends at byte `at`
    kSystem,    // reading at byte `at` failed with `error` (errno)
  };
  size_t index = 0;  // of the Fill
  Kind kind = Kind::kChecksum;
  uint32_t computed = 0;
  int64_t at = 0;
  int error = 0;
};

struct FillResult {
  size_t filled = 0;
  std::optional<FillProblem> problem;  // the first in the order of the fills, among those that were met
};

// Fills each variable on one of the pool's threads; a variable is as it was until all of its bytes have been read and
// checked. Where the store hashes contents, what is filled is hashed and shared (Store::HashContents). After a problem
// no further ones are begun. Throws Error{kArgument} when there is no such variable, Error{kMemory}, and
// Error{kAborted} when cancelled: some variables are new then and some are not.
FillResult FillVariables(Store& store, std::span<const Fill> fills, ParallelFor& pool,
                         const std::atomic<bool>& cancelled);

}  // namespace slimnet
