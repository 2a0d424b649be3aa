// A GPU in software: memory that the host cannot touch, and queues that do their work as late as they may.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
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
  // From then on the device does nothing any more, as after an error that CUDA calls sticky.
  std::atomic<int64_t> until_lost = kNever;  // launches
  std::atomic<bool> lost = false;
  // Of all blocks together; more is out of memory.
  std::atomic<size_t> memory_bytes = size_t{16} << 30;
};

// Work that is queued is done within Queue::Wait, in order: nothing at all has happened before, which no device does,
// and which is what every caller must be ready for. Memory of the host is watched until then: what is uploaded must
// stay as it is. `deviceless`: the properties that cuDNN makes plans for.
std::shared_ptr<cudnn::Gpu> NewSoftwareGpu(std::string deviceless, std::shared_ptr<Faults> faults);

}  // namespace slimnet::testing
