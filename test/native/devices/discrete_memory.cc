#include "native/devices/discrete_memory.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <utility>

#include "base/error.h"

namespace slimnet::testing {
namespace {

// From an address of the device up to that of its kernels. Systems place mappings near the end of the address space,
// and the program and its heap far below: nothing else lies this far under a mapping.
constexpr uintptr_t kDistance = uintptr_t{1} << 45;
// The largest page of any kernel.
constexpr size_t kPage = size_t{64} << 10;

[[noreturn]] void Fail(size_t bytes, const char* what) {
  throw Error(ErrorCode::kMemory,
              "Could not allocate " + std::to_string(bytes) + " bytes: " + what + ": " + std::strerror(errno) + ".");
}

// A mapping that is taken back with the object.
class Mapping {
 public:
  Mapping(void* start, size_t size) : start_(start), size_(size) {}
  ~Mapping() {
    if (start_ != MAP_FAILED) munmap(start_, size_);
  }
  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;

  bool failed() const { return start_ == MAP_FAILED; }
  uintptr_t address() const { return reinterpret_cast<uintptr_t>(start_); }

 private:
  void* start_;
  size_t size_;
};

class File {
 public:
  File() : descriptor_(memfd_create("slimnet device", MFD_CLOEXEC)) {}
  ~File() {
    if (descriptor_ >= 0) close(descriptor_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  int descriptor() const { return descriptor_; }

 private:
  int descriptor_;
};

class DiscreteMemory final : public Memory {
 public:
  DiscreteMemory(size_t bytes, std::unique_ptr<Mapping> kernel, std::unique_ptr<Mapping> device)
      : bytes_(bytes), kernel_(std::move(kernel)), device_(std::move(device)) {}
  DevicePtr data() const override { return DevicePtr(device_->address()); }
  size_t bytes() const override { return bytes_; }
  std::byte* host() const override { return nullptr; }

 private:
  size_t bytes_;
  std::unique_ptr<Mapping> kernel_;
  std::unique_ptr<Mapping> device_;
};

}  // namespace

std::unique_ptr<Memory> AllocateDiscrete(size_t bytes) {
  if (bytes > kDistance / 2) {
    errno = ENOMEM;
    Fail(bytes, "more than there is");
  }
  const size_t size = (bytes / kPage + 1) * kPage;  // never none
  const File file;
  if (file.descriptor() < 0) Fail(bytes, "memfd_create");
  if (ftruncate(file.descriptor(), static_cast<off_t>(size)) != 0) Fail(bytes, "ftruncate");
  void* const start = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, file.descriptor(), 0);
  auto kernel = std::make_unique<Mapping>(start, size);
  if (kernel->failed()) Fail(bytes, "mmap");
  void* const below = reinterpret_cast<void*>(kernel->address() - kDistance);
  auto device = std::make_unique<Mapping>(
      mmap(below, size, PROT_NONE, MAP_SHARED | MAP_FIXED_NOREPLACE, file.descriptor(), 0), size);
  if (device->failed()) Fail(bytes, "mmap without access");
  std::memset(start, 0xff, bytes);
  return std::make_unique<DiscreteMemory>(bytes, std::move(kernel), std::move(device));
}

DevicePtr ForKernel(DevicePtr pointer) { return pointer ? DevicePtr(pointer.address() + kDistance) : pointer; }

}  // namespace slimnet::testing
