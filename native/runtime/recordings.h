// What one lane has recorded of a program, by where its tensors lie: a recording is good for those places alone.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "backend/backend.h"
#include "base/content_hash.h"

namespace slimnet {

class Recordings {
 public:
  // The recorded parts of a program's steps; null where a part has not been recorded yet.
  using Parts = std::vector<std::unique_ptr<RecordedWork>>;

  explicit Recordings(size_t parts) : parts_(parts) {}

  // Those for these places; null where they are not to be recorded: before, they must have been seen once, in a run
  // that has loaded what is loaded when first used, and as the memory of some runs never comes again. Updates go from
  // one place to another and back, so there are two for a training.
  Parts* For(std::span<const DevicePtr> places);
  // Something went wrong while they were recorded.
  void Forget(const Parts* parts);

  size_t size() const { return recorded_.size(); }

 private:
  // As many as places can take turns: the oldest make room.
  static constexpr size_t kMostRecorded = 4;
  static constexpr size_t kMostSeen = 8;

  struct Recorded {
    std::vector<DevicePtr> places;
    Parts parts;
    uint64_t used = 0;
  };

  const size_t parts_;
  std::vector<std::unique_ptr<Recorded>> recorded_;
  std::vector<ContentHash> seen_;  // of places, the last ones at the end
  uint64_t uses_ = 0;
};

}  // namespace slimnet
