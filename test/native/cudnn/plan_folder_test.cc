#include "backends/cudnn/graph/plan_folder.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <chrono>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "native/cudnn/temporary_folder.h"

namespace slimnet::cudnn::testing {
namespace {

namespace fs = std::filesystem;

TEST(CudnnPlanFolder, HoldsTextsByTheirWholeKey) {
  const TemporaryFolder temporary;
  PlanFolder folder(temporary.path() / "a" / "b", 10000);
  EXPECT_EQ(folder.Find("one"), std::nullopt);
  EXPECT_EQ(folder.Keep("one", std::string("plan\0one", 8)), "");
  EXPECT_EQ(folder.Keep("two", "plan two"), "");
  EXPECT_EQ(folder.Find("one"), std::string("plan\0one", 8));
  EXPECT_EQ(folder.Find("two"), "plan two");
  EXPECT_EQ(folder.Keep("one", "another"), "");
  EXPECT_EQ(folder.Find("one"), "another");
  // What lies under a key's name is of that key, or it is nothing.
  fs::copy_file(folder.FileOf("two"), folder.FileOf("three"));
  EXPECT_EQ(folder.Find("three"), std::nullopt);
}

TEST(CudnnPlanFolder, IsForItsOwnerAlone) {
  const TemporaryFolder temporary;
  PlanFolder folder(temporary.path() / "plans", 10000);
  folder.Keep("one", "plan");
  struct stat found{};
  ASSERT_EQ(stat((temporary.path() / "plans").c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 0777, 0700U);
  ASSERT_EQ(stat(folder.FileOf("one").c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 0777, 0600U);
}

TEST(CudnnPlanFolder, LetsTheOldestGoWhereItIsFull) {
  const TemporaryFolder temporary;
  PlanFolder folder(temporary.path(), 1000);
  const std::string plan(300, 'p');
  const auto keep = [&](const std::string& key, int minutes_ago) {
    EXPECT_EQ(folder.Keep(key, plan), "");
    const auto now = fs::last_write_time(folder.FileOf(key));
    fs::last_write_time(folder.FileOf(key), now - std::chrono::minutes(minutes_ago));
  };
  keep("new", 1);
  keep("old", 9);
  folder.Keep("last", plan);
  EXPECT_EQ(folder.Find("old"), std::nullopt);
  EXPECT_EQ(folder.Find("new"), plan);
  EXPECT_EQ(folder.Find("last"), plan);
  // One that alone is too large pushes nothing out.
  EXPECT_EQ(folder.Keep("huge", std::string(2000, 'h')), "");
  EXPECT_EQ(folder.Find("huge"), std::nullopt);
  EXPECT_EQ(folder.Find("new"), plan);
}

TEST(CudnnPlanFolder, SaysWhyItCannotKeep) {
  PlanFolder folder("/proc/slimnet/plans", 1000);
  EXPECT_NE(folder.Keep("one", "plan").find("/proc/slimnet/plans"), std::string::npos);
  EXPECT_EQ(folder.Find("one"), std::nullopt);
}

TEST(CudnnPlanFolder, IsWrittenByManyThreadsAtOnce) {
  const TemporaryFolder temporary;
  PlanFolder one(temporary.path(), 1 << 20), other(temporary.path(), 1 << 20);
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&, i] {
      PlanFolder& folder = i % 2 == 0 ? one : other;
      for (int round = 0; round < 20; ++round) {
        const std::string plan(1000, static_cast<char>('a' + i));
        EXPECT_EQ(folder.Keep("shared", plan), "");
        const auto found = folder.Find("shared");
        EXPECT_EQ(found.value_or(""), std::string(1000, found.value_or("-").front()));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_TRUE(one.Find("shared"));
}

}  // namespace
}  // namespace slimnet::cudnn::testing
