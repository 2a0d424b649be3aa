// Room for the inputs of runs, in memory of the host: programs of one store borrow it from one another, so that those
// of many batch sizes take no more than the largest of them.
#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <mutex>
#include <vector>

#include "backend/backend.h"

namespace slimnet {

// To be used from any thread.
class InputRooms {
 public:
  explicit InputRooms(const Backend& backend) : backend_(backend) {}
  InputRooms(const InputRooms&) = delete;
  InputRooms& operator=(const InputRooms&) = delete;

  // Room of at least `bytes`, which takes the place of a smaller one where there is none. Throws Error{kMemory}.
  std::unique_ptr<Memory> Take(size_t bytes);
  // Takes room back. Of what nobody uses, the `kept` largest stay.
  void Give(std::unique_ptr<Memory> room, size_t kept);
  // Of all rooms that there are, in use or not.
  size_t bytes() const { return bytes_.load(std::memory_order_relaxed); }

 private:
  // Expects mutex_ to be held.
  std::unique_ptr<Memory> TakeOut(size_t at);

  const Backend& backend_;
  std::atomic<size_t> bytes_{0};
  std::mutex mutex_;
  std::vector<std::unique_ptr<Memory>> free_;  // ascending
};

}  // namespace slimnet
