// Memory for many blocks that live long: side by side in large pieces, which systems back with huge pages. A network
// reads all of its filters in each run; on small pages that waits for address translation.
#pragma once

#include <cstddef>
#include <memory>

#include "backend/backend.h"

namespace slimnet {

// Not for several threads at once.
class Slabs {
 public:
  // `backend` must outlive this, but not the blocks.
  explicit Slabs(const Backend& backend) : backend_(backend) {}

  // A block of `bytes`, which goes back to the system with the last one of its piece. Throws Error{kMemory}.
  std::unique_ptr<Memory> Take(size_t bytes);

 private:
  const Backend& backend_;
  std::shared_ptr<Memory> piece_;
  size_t used_ = 0;  // bytes of it
};

}  // namespace slimnet
