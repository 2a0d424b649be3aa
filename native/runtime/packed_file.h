// A file of packed constants: a header, a table, and the blocks. Read on several threads, each block checked on the
// way.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "backend/backend.h"
#include "base/content_hash.h"
#include "runtime/transfers.h"

namespace slimnet {

// The end of the names of files that are being written.
inline constexpr const char* kUnfinished = ".tmp";

// Where a block of the file is to go.
struct PackedTarget {
  ContentHash key;  // names what it is
  std::span<std::byte> memory;
};

// What is written; `memory` must not change meanwhile.
struct PackedBlock {
  ContentHash key;
  std::shared_ptr<const Memory> memory;
  HostView content;
};

// What became of a file, in words for people; empty: all went well.
using PackedProblem = std::string;

// Fills all targets from the file at `path`. Where there is a problem, what they hold is not to be used.
struct PackedReading {
  bool exists = false;
  PackedProblem problem;
};
PackedReading ReadPackedFile(const std::string& path, std::span<const PackedTarget> targets, ParallelFor& pool);

// Writes a file that is there whole or not at all, readable by its owner alone. Ends early, and leaves nothing, when
// `go_on` says no.
PackedProblem WritePackedFile(const std::string& path, std::span<const PackedBlock> blocks,
                              const std::function<bool()>& go_on);

}  // namespace slimnet
