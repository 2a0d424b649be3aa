#include "runtime/packed_cache.h"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <exception>
#include <filesystem>
#include <system_error>
#include <utility>

#if defined(__linux__)
#include <sys/syscall.h>
#endif

#include "runtime/own_thread.h"

namespace slimnet {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

constexpr const char* kSuffix = ".packed";
// So long after the constants were made, and so long at the end of the process.
constexpr auto kDelay = std::chrono::milliseconds(500);
constexpr auto kPatience = std::chrono::seconds(2);
// Whoever wrote such a file for so long has crashed.
constexpr auto kAbandoned = std::chrono::hours(1);

// What computes comes first.
void LowerPriority() {
#if defined(__linux__)
  setpriority(PRIO_PROCESS, static_cast<id_t>(syscall(SYS_gettid)), 10);
#endif
}

template <class Items>
std::string FileName(const Items& items) {
  std::vector<ContentHash> keys;
  for (const auto& item : items) keys.push_back(item.key);
  std::sort(keys.begin(), keys.end());
  return HexOf(HashOf(std::as_bytes(std::span(keys)))) + kSuffix;
}

struct Found {
  fs::path path;
  fs::file_time_type used;
  uint64_t bytes;
};

// Removes the files that were used longest ago, down to the limit.
void Evict(const fs::path& folder, uint64_t limit) {
  std::vector<Found> files;
  uint64_t bytes = 0;
  std::error_code error;
  const auto now = fs::file_time_type::clock::now();
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    const bool abandoned = entry.path().extension() == kUnfinished && now - entry.last_write_time(error) > kAbandoned;
    if (abandoned && !error) fs::remove(entry.path(), error);
    if (entry.path().extension() != kSuffix) continue;
    const auto size = entry.file_size(error);
    if (error) continue;
    files.push_back({entry.path(), entry.last_write_time(error), size});
    bytes += size;
  }
  std::sort(files.begin(), files.end(), [](const Found& a, const Found& b) { return a.used < b.used; });
  for (const Found& file : files) {
    if (bytes <= limit) return;
    fs::remove(file.path, error);
    bytes -= file.bytes;
  }
}

}  // namespace

PackedCache::PackedCache(std::string folder, uint64_t limit, std::string build)
    : folder_(std::move(folder)), limit_(limit), build_(std::move(build)) {}

PackedCache::~PackedCache() { Finish(); }

bool PackedCache::Load(std::span<const PackedTarget> targets, ParallelFor& pool) noexcept {
  try {
    const PackedReading reading = ReadPackedFile(folder_ + "/" + FileName(targets), targets, pool);
    const bool found = reading.exists && reading.problem.empty();
    const std::lock_guard lock(mutex_);
    ++(found ? stats_.found : stats_.missing);
    if (!reading.problem.empty()) stats_.problem = reading.problem;
    return found;
  } catch (const std::exception& error) {
    Note(error.what());
    return false;
  }
}

void PackedCache::Save(std::vector<PackedBlock> blocks) noexcept {
  try {
    const std::lock_guard lock(mutex_);
    if (finishing_) return;
    waiting_.push_back(std::move(blocks));
    if (!thread_.joinable()) thread_ = std::thread([this] { Work(); });
  } catch (const std::exception& error) {
    Note(error.what());
  }
  wake_.notify_all();
}

void PackedCache::Work() {
  BeginOwnThread("save", TimeSlices::kUsual);
  LowerPriority();
  std::unique_lock lock(mutex_);
  for (;;) {
    wake_.wait(lock, [&] { return finishing_ || !waiting_.empty(); });
    if (waiting_.empty()) return;
    wake_.wait_for(lock, kDelay, [&] { return finishing_; });
    const std::vector<std::vector<PackedBlock>> sets = std::exchange(waiting_, {});
    lock.unlock();
    for (const auto& blocks : sets) Write(blocks);
    lock.lock();
  }
}

void PackedCache::Write(const std::vector<PackedBlock>& blocks) {
  try {
    std::error_code error;
    const bool is_new = fs::create_directories(folder_, error);
    if (error) return Note(error.message());
    if (is_new) fs::permissions(folder_, fs::perms::owner_all, error);
    const auto go_on = [&] {
      const std::lock_guard lock(mutex_);
      return !finishing_ || Clock::now() < deadline_;
    };
    std::string problem = WritePackedFile(folder_ + "/" + FileName(blocks), blocks, go_on);
    if (!problem.empty()) return Note(std::move(problem));
    Evict(folder_, limit_);
    const std::lock_guard lock(mutex_);
    ++stats_.saved;
  } catch (const std::exception& error) {
    Note(error.what());
  }
}

void PackedCache::Finish() noexcept {
  {
    const std::lock_guard lock(mutex_);
    if (!finishing_) deadline_ = Clock::now() + kPatience;
    finishing_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

PackedCacheStats PackedCache::Stats() const {
  const std::lock_guard lock(mutex_);
  return stats_;
}

void PackedCache::Note(std::string problem) {
  const std::lock_guard lock(mutex_);
  stats_.problem = std::move(problem);
}

}  // namespace slimnet
