// Packed constants on disk, so that the next process finds them. Files are named by what is in them: the expression
// that made each constant, the contents of the variables that went in, the machine and the build. A file that is
// missing, damaged or cannot be written costs time, never a run, and never wrong numbers.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "backend/backend.h"
#include "runtime/packed_file.h"

namespace slimnet {

struct PackedCacheStats {
  uint64_t found = 0;    // sets of constants that were read
  uint64_t missing = 0;  // that were computed instead
  uint64_t saved = 0;
  std::string problem;  // the latest; empty when there was none
};

// To be used from any thread. What is saved is written by a thread of its own.
class PackedCache {
 public:
  // Above `limit` bytes, files that were not used for longest are removed. `build` names the code that packs.
  PackedCache(std::string folder, uint64_t limit, std::string build);
  ~PackedCache();
  PackedCache(const PackedCache&) = delete;
  PackedCache& operator=(const PackedCache&) = delete;

  const std::string& build() const { return build_; }

  // Fills all targets, or says no: then what they hold is not to be used.
  bool Load(std::span<const PackedTarget> targets, ParallelFor& pool) noexcept;
  // Writes the constants as one set, when there has been nothing to write for a while: the first run is not held up.
  void Save(std::vector<PackedBlock> blocks) noexcept;
  // Writes what waits, for a short time at most, and ends the thread. Nothing is saved afterwards.
  void Finish() noexcept;

  PackedCacheStats Stats() const;

 private:
  void Work();
  void Write(const std::vector<PackedBlock>& blocks);
  void Note(std::string problem);

  const std::string folder_;
  const uint64_t limit_;
  const std::string build_;

  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<std::vector<PackedBlock>> waiting_;
  bool finishing_ = false;
  std::chrono::steady_clock::time_point deadline_;  // once finishing
  PackedCacheStats stats_;
  std::thread thread_;
};

}  // namespace slimnet
