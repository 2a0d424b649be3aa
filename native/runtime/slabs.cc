#include "runtime/slabs.h"

#include <utility>

#include "runtime/allocate.h"

namespace slimnet {
namespace {

constexpr size_t kSlabBytes = size_t{16} << 20;
// Larger blocks are pieces of their own: they would leave too much of one unused.
constexpr size_t kLargestBlock = kSlabBytes / 4;
constexpr size_t kPageBytes = 4096;

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
  if (bytes > kLargestBlock) return Allocate(backend_, bytes);
  if (piece_ == nullptr || used_ + bytes > piece_->bytes()) {
    piece_ = Allocate(backend_, kSlabBytes);
    used_ = 0;
  }
  auto block = std::make_unique<Block>(piece_, used_, bytes);
  used_ += (bytes + kPageBytes - 1) / kPageBytes * kPageBytes;
  return block;
}

}  // namespace slimnet
