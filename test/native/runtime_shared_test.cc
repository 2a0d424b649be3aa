// Weights that processes have in common. Two objects of one folder are to each other what two processes are: locks
// belong to them, not to the process.
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "backends/reference/reference.h"
#include "base/content_hash.h"
#include "native/evaluate.h"
#include "runtime/shared_blocks.h"
#include "runtime/store.h"

namespace slimnet::testing {
namespace {

namespace fs = std::filesystem;

constexpr size_t kBytes = 100'000;  // no whole number of pages

class SharedWeights : public ::testing::Test {
 protected:
  SharedWeights() : folder_(fs::temp_directory_path() / ("slimnet-shared-" + HexOf(HashOf(Name())))) {
    fs::remove_all(folder_);
  }
  ~SharedWeights() override { fs::remove_all(folder_); }

  static std::string Name() {
    return ::testing::UnitTest::GetInstance()->current_test_info()->name() + std::to_string(getpid());
  }
  std::shared_ptr<SharedBlocks> Open() const { return std::make_shared<SharedBlocks>(folder_.string()); }

  std::unique_ptr<Memory> Filled(SharedBlocks& blocks, int value, size_t bytes = kBytes) const {
    auto memory = blocks.Allocate(*backend_, bytes);
    if (memory) std::memset(memory->host(), value, bytes);
    return memory;
  }
  std::unique_ptr<Memory> Shared(SharedBlocks& blocks, int value) const {
    auto memory = Filled(blocks, value);
    blocks.Share(*memory);
    return memory;
  }
  static bool HoldsOnly(const Memory& memory, int value) {
    const std::vector<std::byte> expected(memory.bytes(), static_cast<std::byte>(value));
    return std::memcmp(memory.host(), expected.data(), expected.size()) == 0;
  }
  // The file that is mapped there; empty for pages of the process.
  static std::string FileAt(const Memory& memory) {
    std::ifstream maps("/proc/self/maps");
    for (std::string line; std::getline(maps, line);) {
      size_t after = 0;
      const auto begin = std::stoull(line, &after, 16);
      const auto end = std::stoull(line.substr(after + 1), nullptr, 16);
      const auto address = reinterpret_cast<uintptr_t>(memory.host());
      if (address < begin || address >= end) continue;
      const size_t path = line.find('/');
      return path == std::string::npos ? "" : line.substr(path);
    }
    return "";
  }
  // All but the locks.
  std::vector<fs::path> Files() const {
    std::vector<fs::path> files;
    for (const auto& entry : fs::directory_iterator(folder_)) {
      if (entry.path().filename() != "in_use") files.push_back(entry.path());
    }
    return files;
  }
  fs::path PathOf(int value) const {
    return folder_ / HexOf(HashOf(std::vector<std::byte>(kBytes, static_cast<std::byte>(value))));
  }
  static void Put(const fs::path& path, const std::string& content) {
    fs::remove(path);
    std::ofstream(path, std::ios::binary) << content;
  }

  const fs::path folder_;
  const std::unique_ptr<Backend> backend_ = ReferenceEntry().make({});
};

TEST_F(SharedWeights, AreOneFileAsLongAsSomebodyUsesThem) {
  const auto one = Open();
  const auto other = Open();
  auto a = Shared(*one, 7);
  auto b = Shared(*other, 7);
  const auto c = Shared(*other, 8);
  EXPECT_TRUE(HoldsOnly(*a, 7));
  EXPECT_TRUE(HoldsOnly(*b, 7));
  EXPECT_EQ(FileAt(*a), PathOf(7));
  EXPECT_EQ(FileAt(*b), PathOf(7));
  EXPECT_EQ(FileAt(*c), PathOf(8));
  EXPECT_EQ(one->Stats().bytes, kBytes);
  EXPECT_EQ(other->Stats().blocks, 2U);
  EXPECT_EQ(one->Stats().problem + other->Stats().problem, "");
  a.reset();
  EXPECT_EQ(one->Stats().blocks, 0U);
  EXPECT_TRUE(fs::exists(PathOf(7)));
  b.reset();
  EXPECT_FALSE(fs::exists(PathOf(7)));
  EXPECT_EQ(Files().size(), 1U);
}

TEST_F(SharedWeights, OfOneProcessAreCountedByBlock) {
  const auto blocks = Open();
  auto a = Shared(*blocks, 7);
  const auto b = Shared(*blocks, 7);
  EXPECT_EQ(blocks->Stats().blocks, 2U);
  a.reset();
  EXPECT_TRUE(fs::exists(PathOf(7)));
  EXPECT_TRUE(HoldsOnly(*b, 7));
}

TEST_F(SharedWeights, ThatChangeAreTheProcessesOwn) {
  const auto one = Open();
  const auto other = Open();
  const auto a = Shared(*one, 7);
  const auto b = Shared(*other, 7);
  std::memset(a->host(), 9, kBytes);
  EXPECT_TRUE(HoldsOnly(*b, 7));
  EXPECT_TRUE(HoldsOnly(*Shared(*Open(), 7), 7));
  // What it has become is shared anew.
  one->Share(*a);
  EXPECT_TRUE(HoldsOnly(*a, 9));
  EXPECT_EQ(FileAt(*a), PathOf(9));
  EXPECT_EQ(one->Stats().blocks, 1U);
}

TEST_F(SharedWeights, AreNotLookedForInSmallBlocksAndOtherMemory) {
  const auto blocks = Open();
  EXPECT_EQ(blocks->Allocate(*backend_, 1000), nullptr);
  const auto memory = backend_->Allocate(kBytes);
  std::memset(memory->host(), 7, kBytes);
  blocks->Share(*memory);
  EXPECT_EQ(FileAt(*memory), "");
  EXPECT_EQ(blocks->Stats().blocks, 0U);
}

TEST_F(SharedWeights, ReplaceAFileThatIsNotWhatItsNameSays) {
  const auto blocks = Open();
  const auto before = Shared(*blocks, 7);
  std::string wrong(kBytes, 7);
  wrong.back() = 8;
  for (const std::string& content : {wrong, std::string(kBytes - 1, 7), std::string(kBytes + 1, 7), std::string()}) {
    Put(PathOf(7), content);
    const auto memory = Shared(*Open(), 7);
    EXPECT_TRUE(HoldsOnly(*memory, 7));
    EXPECT_EQ(FileAt(*memory), PathOf(7)) << content.size() << " bytes";
    EXPECT_TRUE(HoldsOnly(*before, 7)) << "what is mapped is another file";
  }
  Put(PathOf(7), std::string(kBytes, 7));
  fs::permissions(PathOf(7), fs::perms::all);
  const auto memory = Shared(*Open(), 7);
  EXPECT_EQ(fs::status(PathOf(7)).permissions(), fs::perms::owner_read) << "a file that others can write is not used";
  EXPECT_TRUE(HoldsOnly(*memory, 7));
}

TEST_F(SharedWeights, StayWhereTheyAreWhenAFileCannotBeMade) {
  const auto blocks = Open();
  fs::create_directory(PathOf(7));
  const auto memory = Shared(*blocks, 7);
  EXPECT_TRUE(HoldsOnly(*memory, 7));
  EXPECT_EQ(FileAt(*memory), "");
  EXPECT_NE(blocks->Stats().problem, "");
  EXPECT_EQ(blocks->Stats().blocks, 0U);
}

TEST_F(SharedWeights, StayWhereTheyAreWhenThereIsNoRoom) {
  const auto blocks = Open();
  const auto memory = Filled(*blocks, 7);
  struct rlimit before{};
  getrlimit(RLIMIT_FSIZE, &before);
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  const struct rlimit little{kBytes / 2, before.rlim_max};
  setrlimit(RLIMIT_FSIZE, &little);
  blocks->Share(*memory);
  setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, handler);
  EXPECT_TRUE(HoldsOnly(*memory, 7));
  EXPECT_EQ(FileAt(*memory), "");
  EXPECT_EQ(blocks->Stats().problem, "File too large");
  EXPECT_TRUE(Files().empty()) << "something was left behind";
}

TEST_F(SharedWeights, NeedAFolderOfTheUsersOwn) {
  Put(folder_, "a file");
  const auto no_folder = Open();
  EXPECT_EQ(no_folder->Allocate(*backend_, kBytes), nullptr);
  EXPECT_NE(no_folder->Stats().problem, "");
  fs::remove(folder_);
  fs::create_directory(folder_);
  fs::permissions(folder_, fs::perms::all);
  const auto open_to_all = Open();
  EXPECT_EQ(open_to_all->Allocate(*backend_, kBytes), nullptr);
  EXPECT_EQ(open_to_all->Stats().problem, "others can write to the folder");
  fs::permissions(folder_, fs::perms::owner_all);
  fs::create_symlink("/dev/null", folder_ / "in_use");
  EXPECT_EQ(Open()->Allocate(*backend_, kBytes), nullptr);
}

TEST_F(SharedWeights, OfAKilledProcessAreRemovedByTheNext) {
  const auto blocks = Open();
  const auto used = Shared(*blocks, 7);
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    const auto own = Open();
    const auto a = Shared(*own, 7);
    const auto b = Shared(*own, 8);
    Put(PathOf(8).string() + ".1.1.tmp", "half");
    kill(getpid(), SIGKILL);
  }
  int status = 0;
  waitpid(child, &status, 0);
  ASSERT_TRUE(WIFSIGNALED(status));
  ASSERT_TRUE(fs::exists(PathOf(8)));
  Put(folder_ / "of_somebody", "else");
  Open();
  EXPECT_TRUE(fs::exists(PathOf(7))) << "it is in use";
  EXPECT_TRUE(fs::exists(folder_ / "of_somebody"));
  EXPECT_EQ(Files().size(), 2U);
}

TEST_F(SharedWeights, ComeAndGoOnManyThreads) {
  constexpr int kThreads = 4;
  constexpr int kRounds = 30;
  const auto common = Open();
  std::vector<std::thread> threads;
  std::vector<int> wrong(kThreads, 0);
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < kRounds; ++i) {
        const auto own = t % 2 == 0 ? common : Open();
        const auto a = Shared(*own, i % 3);
        const auto b = Shared(*own, i % 3);
        if (!HoldsOnly(*a, i % 3) || !HoldsOnly(*b, i % 3) || !own->Stats().problem.empty())
          ++wrong[static_cast<size_t>(t)];
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, std::vector<int>(kThreads, 0));
  EXPECT_EQ(common->Stats().blocks, 0U);
  EXPECT_TRUE(Files().empty());
}

TEST_F(SharedWeights, OfAStoreAreThoseThatAreHereToStay) {
  const TensorType type{DType::kFloat32, {kBytes / 4}};
  const std::shared_ptr<Backend> backend = ReferenceEntry().make({});
  const auto blocks = Open();
  Store store(backend, nullptr, blocks);
  Store other(backend, nullptr, Open());
  const std::vector<float> values(kBytes / 4, 1.5F);
  const std::vector<std::string> names{"v"};
  OneThread pool;
  for (Store* each : {&store, &other}) {
    each->Declare("v", type);
    each->Write("v", DType::kFloat32, std::as_bytes(std::span(values)), 0);
  }
  EXPECT_EQ(blocks->Stats().blocks, 0U) << "it may change at any time";
  store.HashContents(names, pool);
  other.HashContents(names, pool);
  EXPECT_EQ(blocks->Stats().bytes, kBytes);
  EXPECT_EQ(Files().size(), 1U);
  const float changed = 2;
  store.Write("v", DType::kFloat32, std::as_bytes(std::span(&changed, 1)), 3);
  std::vector<float> read(values.size());
  other.Read("v", std::as_writable_bytes(std::span(read)));
  EXPECT_EQ(read, values);
  store.Read("v", std::as_writable_bytes(std::span(read)));
  EXPECT_EQ(read[3], 2);
  EXPECT_EQ(read[4], 1.5F);
}

}  // namespace
}  // namespace slimnet::testing
