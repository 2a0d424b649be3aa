#include "runtime/recordings.h"

#include <algorithm>

namespace slimnet {

Recordings::Parts* Recordings::For(std::span<const DevicePtr> places) {
  const auto same = [&](const auto& recorded) { return std::ranges::equal(recorded->places, places); };
  if (const auto found = std::ranges::find_if(recorded_, same); found != recorded_.end()) {
    (*found)->used = ++uses_;
    return &(*found)->parts;
  }
  const ContentHash hash = HashOf(std::as_bytes(places));
  if (const auto seen = std::ranges::find(seen_, hash); seen == seen_.end()) {
    if (seen_.size() == kMostSeen) seen_.erase(seen_.begin());
    seen_.push_back(hash);
    return nullptr;
  }
  if (recorded_.size() == kMostRecorded) {
    recorded_.erase(std::ranges::min_element(recorded_, {}, [](const auto& recorded) { return recorded->used; }));
  }
  auto made = std::make_unique<Recorded>();
  made->places.assign(places.begin(), places.end());
  made->parts.resize(parts_);
  made->used = ++uses_;
  return &recorded_.emplace_back(std::move(made))->parts;
}

void Recordings::Forget(const Parts* parts) {
  std::erase_if(recorded_, [&](const auto& recorded) { return &recorded->parts == parts; });
}

}  // namespace slimnet
