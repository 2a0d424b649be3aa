#include "runtime/allocate.h"

#include <string>
#include <utility>

#include "backends/cpu/aligned_memory.h"
#include "base/error.h"

namespace slimnet {

void RequireFits(const Backend& backend, size_t bytes) {
  const size_t limit = backend.device().memory_bytes;
  if (limit > 0 && bytes > limit) {
    const DeviceInfo& device = backend.device();
    const std::string name = device.name + (device.index ? ":" + std::to_string(*device.index) : "");
    throw Error(ErrorCode::kMemory, std::to_string(bytes) + " bytes are needed at once; device " + name + " has " +
                                        std::to_string(limit) + ". Hint: use smaller batches or images.");
  }
}

std::unique_ptr<Memory> Allocate(const Backend& backend, size_t bytes) {
  RequireFits(backend, bytes);
  return backend.Allocate(bytes);
}

std::unique_ptr<Memory> AllocateOnHost(const Backend& backend, size_t bytes) {
  RequireFits(backend, bytes);
  auto pinned = backend.AllocatePinned(bytes);
  return pinned ? std::move(pinned) : cpu::AllocateAligned(bytes);
}

}  // namespace slimnet
