// A GPU in software: memory that the host cannot touch, and queues that do their work as late as they may.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>

#include "backends/cudnn/gpu/gpu.h"

namespace slimnet::testing {

// What goes wrong, and when. Counted over everything that a GPU does; each fault comes once.
struct Faults {
  static constexpr int64_t kNever = std::numeric_limits<int64_t>::max();
  // How many more of its kind go well before one fails.
  std::atomic<int64_t> allocations = kNever;
  std::atomic<int64_t> launches = kNever;
  std::atomic<int64_t> waits = kNever;
  std::atomic<int64_t> recordings = kNever;
  // From then on the device does nothing any more, as after an error that CUDA calls sticky.
  std::atomic<int64_t> until_lost = kNever;  // launches
  std::atomic<bool> lost = false;
  // The same by its memory: an error that ECC finds and cannot mend.
  std::atomic<int64_t> until_uncorrectable = kNever;  // waits
  std::atomic<bool> uncorrectable = false;
  // Of all blocks together; more is out of memory.
  std::atomic<size_t> memory_bytes = size_t{16} << 30;

  // Called where a queue is waited for that has work, before any of it is done. Set while nothing is queued.
  std::function<void()> before_work;

  // What there was, for tests to look at.
  std::atomic<int64_t> allocated = 0;  // blocks, pinned ones among them
  std::atomic<int64_t> launched = 0;   // copies among them
  std::atomic<int64_t> recorded = 0;
  std::atomic<int64_t> replayed = 0;
  std::atomic<int64_t> kept_recordings = 0;
};

// Work that is queued is done within Queue::Wait, in order: nothing at all has happened before, which no device does,
// and which is what every caller must be ready for. A recording takes what a CUDA graph takes, and is replayed with the
// very places that it was recorded with. Memory of the host is watched until then: what is uploaded must
// stay as it is. `deviceless`: the properties that cuDNN makes plans for.
std::shared_ptr<cudnn::Gpu> NewSoftwareGpu(std::string deviceless, std::shared_ptr<Faults> faults, int index = 0);

// Work of the queue says how long it would have taken: events tell it. Called while the work is done.
void Spend(cudnn::Queue& queue, double milliseconds);

}  // namespace slimnet::testing
