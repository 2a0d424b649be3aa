#include "runtime/input_rooms.h"

#include <algorithm>
#include <utility>

#include "runtime/allocate.h"

namespace slimnet {
namespace {

// What needs less than this part of a room leaves it to others: the batches of a network are as many times larger than
// each other, a batch and a single number are not.
constexpr size_t kLargestRatio = 64;

}  // namespace

std::unique_ptr<Memory> InputRooms::TakeOut(size_t at) {
  std::unique_ptr<Memory> room = std::move(free_[at]);
  free_.erase(free_.begin() + static_cast<std::ptrdiff_t>(at));
  return room;
}

std::unique_ptr<Memory> InputRooms::Take(size_t bytes) {
  std::unique_ptr<Memory> smaller;
  {
    const std::lock_guard lock(mutex_);
    const auto fits = [&](const auto& room) { return room->bytes() >= bytes; };
    const auto found = static_cast<size_t>(std::ranges::find_if(free_, fits) - free_.begin());
    if (found < free_.size() && free_[found]->bytes() / kLargestRatio <= bytes) return TakeOut(found);
    if (found > 0 && bytes / kLargestRatio <= free_[found - 1]->bytes()) smaller = TakeOut(found - 1);
  }
  // First, so that old and new never stand side by side.
  if (smaller) bytes_.fetch_sub(smaller->bytes(), std::memory_order_relaxed);
  smaller.reset();
  std::unique_ptr<Memory> room = AllocateOnHost(backend_, bytes);
  bytes_.fetch_add(room->bytes(), std::memory_order_relaxed);
  return room;
}

void InputRooms::Give(std::unique_ptr<Memory> room, size_t kept) {
  if (!room) return;
  std::unique_ptr<Memory> dropped;
  const std::lock_guard lock(mutex_);
  const auto at = std::ranges::find_if(free_, [&](const auto& other) { return other->bytes() >= room->bytes(); });
  free_.insert(at, std::move(room));
  if (free_.size() <= kept) return;
  dropped = TakeOut(0);
  bytes_.fetch_sub(dropped->bytes(), std::memory_order_relaxed);
}

}  // namespace slimnet
