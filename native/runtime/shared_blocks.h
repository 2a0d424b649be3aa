// Weights that processes have in common. A block of memory whose contents are known is a file, named by them; each
// process that has the same block puts the file in place of the pages that it made itself, so that they are in memory
// once. Writing to such a block changes it for the process alone. A file lives as long as somebody uses it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>

#include "backend/backend.h"
#include "base/content_hash.h"
#include "runtime/use_locks.h"

namespace slimnet {

struct SharedBlocksStats {
  uint64_t blocks = 0;  // of this process that are pages of files
  uint64_t bytes = 0;
  std::string problem;  // the latest reason why one is not; empty when there was none
};

// To be used from any thread. Lives as long as its blocks.
class SharedBlocks : public std::enable_shared_from_this<SharedBlocks> {
 public:
  // Makes the folder where there is none, and removes what processes have left behind that were killed. Where that
  // fails nothing is shared, and Stats says why.
  explicit SharedBlocks(std::string folder);
  SharedBlocks(const SharedBlocks&) = delete;
  SharedBlocks& operator=(const SharedBlocks&) = delete;
  ~SharedBlocks() = default;

  // Memory of the backend, of zeros, that can be shared once it is filled. Null where it cannot, or would not be worth
  // it. Throws Error{kMemory}.
  std::unique_ptr<Memory> Allocate(const Backend& backend, size_t bytes);

  // Shares memory that Allocate has made, and that nobody writes meanwhile; others may read it. Its contents and its
  // place stay the same. Other memory, and what cannot be shared, stays as it is.
  void Share(Memory& memory) noexcept { Share(memory, std::nullopt); }
  // The same where the hash of all its bytes is known.
  void Share(Memory& memory, const std::optional<ContentHash>& content) noexcept;

  SharedBlocksStats Stats() const;

 private:
  class Block;
  class Use;

  void Open();
  void RemoveUnused();
  std::string PathOf(const ContentHash& content) const;
  // Each of these says what went wrong; empty: nothing.
  std::string Begin(const ContentHash& content, size_t bytes);
  std::string ShareAs(Block& block, const ContentHash& content);
  std::string Write(const std::string& path, std::span<const std::byte> bytes, bool replace) const;
  void End(const ContentHash& content, size_t bytes) noexcept;
  void Note(std::string problem) noexcept;

  const std::string folder_;

  mutable std::mutex mutex_;
  std::optional<UseLocks> locks_;         // none where nothing can be shared
  std::map<ContentHash, size_t> in_use_;  // how often in this process
  SharedBlocksStats stats_;
};

}  // namespace slimnet
