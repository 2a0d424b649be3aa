// Packed constants on disk: the file, and who may use it.
#include <gtest/gtest.h>

#include <array>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "backends/cpu/aligned_memory.h"
#include "backends/reference/reference.h"
#include "base/content_hash.h"
#include "native/evaluate.h"
#include "runtime/packed_cache.h"
#include "runtime/store.h"
#include "runtime/transfers.h"

namespace slimnet::testing {
namespace {

namespace fs = std::filesystem;

TEST(ContentHash, TellsSmallChangesApart) {
  std::vector<std::byte> bytes(300);
  std::set<ContentHash> seen{HashOf(bytes)};
  for (size_t length = 0; length < bytes.size(); ++length) {
    EXPECT_TRUE(seen.insert(HashOf(std::span(bytes).first(length))).second) << length << " bytes";
  }
  for (size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    bytes[bit / 8] ^= std::byte{1} << (bit % 8);
    EXPECT_TRUE(seen.insert(HashOf(bytes)).second) << "bit " << bit;
    bytes[bit / 8] ^= std::byte{1} << (bit % 8);
  }
}

// Signs are the highest bits of words; products alone would let two of them cancel.
TEST(ContentHash, TellsChangesOfTwoSignsApart) {
  std::array<float, 128> values{};
  values.fill(1);
  std::set<ContentHash> seen;
  for (size_t i = 0; i < values.size(); ++i) {
    for (size_t k = i; k < values.size(); ++k) {
      values[i] = -values[i];
      values[k] = -values[k];
      const bool is_new = seen.insert(HashOf(std::as_bytes(std::span(values)))).second;
      EXPECT_TRUE(is_new || i == k) << i << ", " << k;
      values[i] = values[k] = 1;
    }
  }
}

class PackedFile : public ::testing::Test {
 protected:
  PackedFile() : folder_(fs::temp_directory_path() / ("slimnet-packed-" + HexOf(HashOf(Name())))) {
    fs::create_directories(folder_);
    for (size_t i = 0; i < kSizes.size(); ++i) {
      std::shared_ptr<Memory> memory = cpu::AllocateAligned(kSizes[i]);
      std::memset(memory->host(), static_cast<int>(i + 1), kSizes[i]);
      memory_.push_back(std::move(memory));
      room_.emplace_back(kSizes[i]);
    }
  }
  ~PackedFile() override { fs::remove_all(folder_); }

  static ContentHash KeyOf(size_t i) { return HashOf(std::to_string(i)); }
  std::vector<PackedBlock> Blocks() {
    std::vector<PackedBlock> blocks;
    for (size_t i = 0; i < kSizes.size(); ++i) {
      blocks.push_back({KeyOf(i), memory_[i], HostView(*memory_[i], kSizes[i], transfers_)});
    }
    return blocks;
  }
  static std::string Name() { return ::testing::UnitTest::GetInstance()->current_test_info()->name(); }
  std::string path() const { return (folder_ / "a.packed").string(); }

  std::vector<PackedTarget> Targets() {
    std::vector<PackedTarget> targets;
    for (size_t i = 0; i < kSizes.size(); ++i) targets.push_back({KeyOf(i), room_[i]});
    return targets;
  }
  PackedReading Read() { return ReadPackedFile(path(), Targets(), pool_); }
  void Put(const std::string& content) const {
    std::ofstream(path(), std::ios::binary | std::ios::trunc)
        .write(content.data(), static_cast<std::streamsize>(content.size()));
  }
  std::string Content() const {
    std::ifstream stream(path(), std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
  }

  static constexpr std::array<size_t, 4> kSizes{1, 64, 0, 1000};
  const fs::path folder_;
  OneThread pool_;
  const std::unique_ptr<Backend> backend_ = ReferenceEntry().make({});
  Transfers transfers_{*backend_};
  std::vector<std::shared_ptr<const Memory>> memory_;
  std::vector<std::vector<std::byte>> room_;
};

TEST_F(PackedFile, GivesBackWhatWasWritten) {
  ASSERT_EQ(WritePackedFile(path(), Blocks(), [] { return true; }), "");
  const PackedReading reading = Read();
  EXPECT_TRUE(reading.exists);
  EXPECT_EQ(reading.problem, "");
  for (size_t i = 0; i < kSizes.size(); ++i) {
    EXPECT_EQ(room_[i], std::vector<std::byte>(kSizes[i], std::byte(i + 1)));
  }
}

TEST_F(PackedFile, IsNotThereBeforeItIsWritten) {
  EXPECT_FALSE(Read().exists);
  int left = 2;
  EXPECT_NE(WritePackedFile(path(), Blocks(), [&] { return left-- > 0; }), "");
  EXPECT_TRUE(fs::is_empty(folder_)) << "something was left behind";
}

TEST_F(PackedFile, IsRefusedWithAnyBitChangedThatCounts) {
  ASSERT_EQ(WritePackedFile(path(), Blocks(), [] { return true; }), "");
  const std::string good = Content();
  size_t harmless = 0;
  for (size_t at = 0; at < good.size(); ++at) {
    std::string bad = good;
    bad[at] = static_cast<char>(bad[at] ^ (1 << (at % 8)));
    Put(bad);
    if (!Read().problem.empty()) continue;
    // Bytes between two blocks belong to none; the result is as it was.
    ++harmless;
    for (size_t i = 0; i < kSizes.size(); ++i) {
      EXPECT_EQ(room_[i], std::vector<std::byte>(kSizes[i], std::byte(i + 1))) << "byte " << at;
    }
  }
  EXPECT_LT(harmless, size_t{256});
}

TEST_F(PackedFile, IsRefusedWhereItWasCutOff) {
  ASSERT_EQ(WritePackedFile(path(), Blocks(), [] { return true; }), "");
  const std::string good = Content();
  for (size_t length = 0; length < good.size(); ++length) {
    Put(good.substr(0, length));
    EXPECT_EQ(Read().problem, "the file is damaged") << length << " bytes";
  }
}

TEST_F(PackedFile, IsRefusedWhereItHoldsSomethingElse) {
  ASSERT_EQ(WritePackedFile(path(), Blocks(), [] { return true; }), "");
  std::vector<PackedTarget> targets = Targets();
  targets[1].key = HashOf("another");
  EXPECT_NE(ReadPackedFile(path(), targets, pool_).problem, "");
  targets = Targets();
  targets[3].memory = targets[3].memory.first(999);
  EXPECT_NE(ReadPackedFile(path(), targets, pool_).problem, "");
}

TEST_F(PackedFile, IsWrittenAtTheEndOfTheProcessAtTheLatest) {
  PackedCache cache((folder_ / "deep" / "er").string(), 1 << 20, "");
  cache.Save(Blocks());
  cache.Finish();
  EXPECT_EQ(cache.Stats().saved, 1U);
  EXPECT_TRUE(cache.Load(Targets(), pool_));
  cache.Save(Blocks());  // too late, and harmless
  EXPECT_EQ(cache.Stats().saved, 1U);
}

TEST(Store, ForgetsWhatValuesWereWhenTheyChange) {
  const std::shared_ptr<Backend> backend = ReferenceEntry().make({});
  Store store(backend);
  OneThread pool;
  store.Declare("v", {DType::kFloat32, {4}});
  store.Declare("w", {DType::kFloat32, {4}});
  Store::View view;
  view.slots = {store.Slot("v", {DType::kFloat32, {4}}), store.Slot("w", {DType::kFloat32, {4}})};
  const auto contents = [&] {
    const Store::Reading reading(store, view);
    return view.contents;
  };
  EXPECT_FALSE(contents()[0] || contents()[1]);
  const std::vector<std::string> names{"v"};
  store.HashContents(names, pool);
  const auto zeros = contents()[0];
  EXPECT_EQ(zeros, HashOf(std::vector<std::byte>(16)));
  EXPECT_FALSE(contents()[1]);
  const std::array<float, 4> ones{1, 1, 1, 1};
  store.Write("v", DType::kFloat32, std::as_bytes(std::span(ones)), 0);
  EXPECT_FALSE(contents()[0]);
  store.HashContents(names, pool);
  EXPECT_EQ(contents()[0], HashOf(std::as_bytes(std::span(ones))));
  {
    const Store::Reading reading(store, view);
    const std::vector<size_t> updated{0};
    Store::Transaction transaction(store, view, updated);
    transaction.Publish();
  }
  EXPECT_FALSE(contents()[0]);
}

}  // namespace
}  // namespace slimnet::testing
