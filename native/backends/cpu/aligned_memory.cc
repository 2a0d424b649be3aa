#include "backends/cpu/aligned_memory.h"

#include <sys/mman.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <limits>
#include <new>
#include <string>

#include "backends/cpu/pages.h"
#include "base/error.h"

namespace slimnet::cpu {
namespace {

constexpr size_t kPage = size_t{64} << 10;  // the largest of any kernel
constexpr size_t kHugePage = size_t{2} << 20;

[[noreturn]] void Fail(size_t bytes, const std::string& why) {
  throw Error(ErrorCode::kMemory, "Could not allocate " + std::to_string(bytes) + " bytes: " + why +
                                      ". Hint: run smaller batches, or free sessions with dispose().");
}

class SmallMemory final : public Memory {
 public:
  explicit SmallMemory(size_t bytes)
      : bytes_(bytes), block_(static_cast<std::byte*>(::operator new(RoundUp(bytes), kAlign, std::nothrow))) {
    if (block_ == nullptr) Fail(bytes, "out of memory");
    std::memset(block_.get(), 0, RoundUp(bytes));
  }
  DevicePtr data() const override { return SharedAddress(block_.get()); }
  size_t bytes() const override { return bytes_; }
  std::byte* host() const override { return block_.get(); }

 private:
  static constexpr std::align_val_t kAlign{kMemoryAlignment};
  // Whole cache lines, and never none: kernels may touch the tail of a line, and `data` is never null.
  static size_t RoundUp(size_t bytes) { return bytes == 0 ? kMemoryAlignment : AlignedSize(bytes); }

  struct Free {
    void operator()(std::byte* block) const { ::operator delete(block, kAlign); }
  };
  size_t bytes_;
  std::unique_ptr<std::byte, Free> block_;
};

struct Unmap {
  size_t size = 0;
  void operator()(std::byte* block) const { ::munmap(block, size); }
};

class MappedMemory final : public Memory {
 public:
  explicit MappedMemory(size_t bytes) : bytes_(bytes) {
    if (bytes > std::numeric_limits<size_t>::max() / 2) Fail(bytes, "more than the address space holds");
    // Only whole huge pages are huge: the end takes small ones, or weights of 2.25 MiB would take 4 each.
    const size_t wanted = std::max(bytes + kPage - 1, kPage) / kPage * kPage;
    const size_t alignment = bytes >= kHugePage ? kHugePage : kPage;
    void* start = ::mmap(nullptr, wanted + alignment, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (start == MAP_FAILED) Fail(bytes, std::strerror(errno));
    // A mapping starts at any page: keep the aligned part and give the ends back.
    auto* const first = static_cast<std::byte*>(start);
    const size_t head = (alignment - reinterpret_cast<uintptr_t>(first) % alignment) % alignment;
    if (head > 0) ::munmap(first, head);
    ::munmap(first + head + wanted, alignment - head);
    block_ = {first + head, Unmap{wanted}};
#ifdef MADV_HUGEPAGE
    ::madvise(block_.get(), wanted, MADV_HUGEPAGE);  // a wish: the result is the same without
#endif
  }
  DevicePtr data() const override { return SharedAddress(block_.get()); }
  size_t bytes() const override { return bytes_; }
  std::byte* host() const override { return block_.get(); }

 private:
  size_t bytes_;
  std::unique_ptr<std::byte, Unmap> block_;
};

}  // namespace

std::unique_ptr<Memory> AllocateAligned(size_t bytes) {
  if (bytes >= kHugePage) return std::make_unique<MappedMemory>(bytes);
  return std::make_unique<SmallMemory>(bytes);
}

std::unique_ptr<Memory> AllocatePages(size_t bytes) { return std::make_unique<MappedMemory>(bytes); }

}  // namespace slimnet::cpu
