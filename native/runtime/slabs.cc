#include "runtime/slabs.h"

#include <algorithm>
#include <utility>

#include "runtime/allocate.h"

namespace slimnet {
namespace {

constexpr size_t kSlabBytes = size_t{16} << 20;
// Blocks larger than this part of a piece are pieces of their own: they would leave too much of one unused.
constexpr size_t kLargestPart = 4;
constexpr size_t kPageBytes = 4096;

// Of a device that has little memory, or was given little of it, a small part.
size_t SlabBytesOf(const DeviceInfo& device) {
  constexpr size_t kPart = 64;
  constexpr size_t kLeast = size_t{64} << 10;
  if (device.shares_host_memory || device.memory_bytes == 0) return kSlabBytes;
  return std::clamp(device.memory_bytes / kPart, kLeast, kSlabBytes);
}

class Block final : public Memory {
 public:
  Block(std::shared_ptr<Memory> piece, size_t offset, size_t bytes)
      : piece_(std::move(piece)), offset_(offset), bytes_(bytes) {}

  DevicePtr data() const override { return piece_->data() + offset_; }
  size_t bytes() const override { return bytes_; }
  std::byte* host() const override { return piece_->host() == nullptr ? nullptr : piece_->host() + offset_; }

 private:
  std::shared_ptr<Memory> piece_;
  size_t offset_;
  size_t bytes_;
};

}  // namespace

std::unique_ptr<Memory> Slabs::Take(size_t bytes) {
  const size_t slab = SlabBytesOf(backend_.device());
  if (bytes > slab / kLargestPart) return Allocate(backend_, bytes);
  if (piece_ == nullptr || used_ + bytes > piece_->bytes()) {
    piece_ = Allocate(backend_, slab);
    used_ = 0;
  }
  auto block = std::make_unique<Block>(piece_, used_, bytes);
  used_ += (bytes + kPageBytes - 1) / kPageBytes * kPageBytes;
  return block;
}

}  // namespace slimnet
