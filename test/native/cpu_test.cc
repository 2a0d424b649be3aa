#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <limits>
#include <vector>

#include "backends/cpu/aligned_memory.h"
#include "backends/cpu/cpu_features.h"
#include "backends/cpu/cpu_stream.h"
#include "backends/cpu/product_rate.h"
#include "base/error.h"

namespace slimnet::cpu {
namespace {

// Runs jobs one after the other but claims to have more threads.
class FakePool final : public ParallelFor {
 public:
  explicit FakePool(int threads) : threads_(threads) {}
  int threads() const override { return threads_; }
  void Run(int jobs, const std::function<void(int)>& job) override {
    ++runs;
    for (int i = jobs; i-- > 0;) job(i);
  }
  int runs = 0;

 private:
  int threads_;
};

TEST(ForRange, CoversEveryIndexOnce) {
  for (const int threads : {1, 2, 7}) {
    for (const int64_t count : {0, 1, 5, 64, 1000}) {
      for (const int64_t grain : {0, 1, 3, 100, 5000}) {
        FakePool pool(threads);
        std::vector<int> seen(static_cast<size_t>(count), 0);
        ForRange(pool, count, grain, [&](int64_t begin, int64_t end) {
          ASSERT_LE(begin, end);
          for (int64_t i = begin; i < end; ++i) ++seen[static_cast<size_t>(i)];
        });
        EXPECT_TRUE(std::all_of(seen.begin(), seen.end(), [](int n) { return n == 1; }));
        if (threads == 1 || count <= grain) {
          EXPECT_EQ(pool.runs, 0) << "small work stays on the calling thread";
        }
      }
    }
  }
}

TEST(AllocateAligned, GivesZeroedAlignedMemory) {
  for (const size_t bytes : {size_t{0}, size_t{1}, size_t{64}, size_t{1000}, size_t{2} << 20, (size_t{5} << 20) + 3}) {
    const auto memory = AllocateAligned(bytes);
    EXPECT_EQ(memory->bytes(), bytes);
    ASSERT_NE(memory->host(), nullptr);
    const size_t alignment = bytes >= (size_t{2} << 20) ? size_t{2} << 20 : 64;
    EXPECT_EQ(reinterpret_cast<uintptr_t>(memory->host()) % alignment, 0U);
    std::byte* const data = memory->host();
    EXPECT_EQ(memory->data(), SharedAddress(data));
    EXPECT_TRUE(std::all_of(data, data + bytes, [](std::byte b) { return b == std::byte{0}; }));
    std::fill(data, data + bytes, std::byte{0xff});
  }
}

TEST(AllocateAligned, SaysSoWhenThereIsNotEnough) {
  for (const size_t bytes :
       {std::numeric_limits<size_t>::max(), std::numeric_limits<size_t>::max() / 2, size_t{1} << 60}) {
    try {
      AllocateAligned(bytes);
      ADD_FAILURE() << bytes << " bytes were given";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kMemory);
      EXPECT_NE(std::string(error.what()).find(std::to_string(bytes)), std::string::npos);
    }
  }
}

TEST(CpuFeatures, AreConsistent) {
  const CpuFeatures f = DetectCpuFeatures();
  EXPECT_FALSE(f.model.empty());
  if (f.avx512bw || f.avx512vl || f.avx512dq || f.avx512_vnni) {
    EXPECT_TRUE(f.avx512f);
  }
  EXPECT_EQ(f.amx_tile, f.amx == AmxState::kAvailable || f.amx == AmxState::kGranted);
  if (f.amx_bf16 || f.amx_int8) {
    EXPECT_TRUE(f.amx_tile);
  }
  const auto names = f.names();
  EXPECT_EQ(std::find(names.begin(), names.end(), "avx2") != names.end(), f.avx2);
  EXPECT_GT(HostMemoryBytes(), size_t{1} << 24);
  if (const size_t cache = SecondLevelCacheBytes(); cache != 0) {
    EXPECT_GE(cache, size_t{1} << 14);
    EXPECT_LE(cache, size_t{1} << 28);
  }
}

TEST(BFloat16ProductRate, IsThatOfTheInstructionsOrNothing) {
  EXPECT_EQ(BFloat16ProductRate({}), 0);
  const CpuFeatures here = DetectCpuFeatures();
  const double rate = BFloat16ProductRate(here);
  if (!here.avx512_bf16) {
    EXPECT_EQ(rate, 0);
    return;
  }
  // From half a product for each of float32's to four; had one of them been interrupted in all tries, it would be far
  // off.
  EXPECT_GE(rate, 0.4);
  EXPECT_LE(rate, 5);
}

}  // namespace
}  // namespace slimnet::cpu
