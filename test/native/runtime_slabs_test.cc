#include <gtest/gtest.h>

#include <cstring>
#include <memory>
#include <vector>

#include "backends/cpu/aligned_memory.h"
#include "runtime/slabs.h"

namespace slimnet {
namespace {

// Counts the pieces that live.
class PiecesOf final : public Memory {
 public:
  PiecesOf(size_t bytes, int& count) : memory_(cpu::AllocateAligned(bytes)), count_(count) { ++count_; }
  ~PiecesOf() override { --count_; }
  DevicePtr data() const override { return memory_->data(); }
  size_t bytes() const override { return memory_->bytes(); }
  std::byte* host() const override { return memory_->host(); }

 private:
  std::unique_ptr<Memory> memory_;
  int& count_;
};

class CountingPieces final : public Backend {
 public:
  const std::string& name() const override { return name_; }
  const DeviceInfo& device() const override { return device_; }
  Verdict Offers(Precision) const override { return Verdict::Yes(); }
  bool Has(OpKind) const override { return true; }
  Verdict Supports(const NodeContext&) const override { return Verdict::Yes(); }
  Verdict Fuses(const NodeContext&, const PostOp&) const override { return Verdict::Yes(); }
  LayoutPtr Prefers(const NodeContext&, size_t) const override { return nullptr; }
  std::unique_ptr<Kernel> Prepare(const NodeContext&) const override { return nullptr; }
  std::unique_ptr<Memory> Allocate(size_t bytes) const override { return std::make_unique<PiecesOf>(bytes, pieces); }
  std::unique_ptr<Stream> NewStream(ParallelFor*) const override { return nullptr; }

  mutable int pieces = 0;

 private:
  std::string name_ = "counting";
  DeviceInfo device_;
};

TEST(Slabs, PutBlocksSideBySideOnPagesOfTheirOwn) {
  const CountingPieces backend;
  Slabs slabs(backend);
  std::vector<std::unique_ptr<Memory>> blocks;
  for (size_t i = 0; i < 100; ++i) {
    blocks.push_back(slabs.Take(1000 * i + 1));
    EXPECT_EQ(blocks.back()->bytes(), 1000 * i + 1);
    EXPECT_EQ(blocks.back()->data().address() % 4096, 0U);
    std::memset(blocks.back()->host(), static_cast<int>(i), blocks.back()->bytes());
  }
  EXPECT_EQ(backend.pieces, 1);
  for (size_t i = 0; i < 100; ++i) {
    const auto* const data = reinterpret_cast<const unsigned char*>(blocks[i]->host());
    EXPECT_EQ(data[0], i);
    EXPECT_EQ(data[1000 * i], i);
  }
}

TEST(Slabs, GiveAPieceBackWithItsLastBlock) {
  const CountingPieces backend;
  {
    Slabs slabs(backend);
    auto first = slabs.Take(4 << 20);
    std::vector<std::unique_ptr<Memory>> more;
    for (int i = 0; i < 8; ++i) more.push_back(slabs.Take(4 << 20));
    EXPECT_EQ(backend.pieces, 3);
    more.clear();
    EXPECT_EQ(backend.pieces, 2) << "the first block's piece, and the one that blocks are taken from";
    first.reset();
    EXPECT_EQ(backend.pieces, 1);
  }
  EXPECT_EQ(backend.pieces, 0);
}

TEST(Slabs, LetLargeBlocksStandAlone) {
  const CountingPieces backend;
  Slabs slabs(backend);
  auto large = slabs.Take(5 << 20);
  EXPECT_EQ(backend.pieces, 1);
  large.reset();
  EXPECT_EQ(backend.pieces, 0);
}

}  // namespace
}  // namespace slimnet
