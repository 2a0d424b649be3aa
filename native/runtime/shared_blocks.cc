#include "runtime/shared_blocks.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <exception>
#include <filesystem>
#include <system_error>
#include <utility>
#include <vector>

#include "backends/cpu/pages.h"
#include "runtime/allocate.h"
#include "runtime/open_file.h"
#include "runtime/packed_file.h"

namespace slimnet {
namespace {

// Smaller blocks are many and together less than a megabyte of a network.
constexpr size_t kLeastBytes = size_t{64} << 10;
constexpr size_t kComparedAtOnce = size_t{256} << 10;
constexpr const char* kLocks = "in_use";
constexpr size_t kHexDigits = 2 * sizeof(ContentHash);

// What a file is named by; none for the name of another.
std::optional<ContentHash> ContentOf(const std::string& name) {
  if (name.size() < kHexDigits) return std::nullopt;
  ContentHash content{};
  for (size_t i = 0; i < kHexDigits; ++i) {
    const char digit = name[i];
    const bool is_letter = digit >= 'a' && digit <= 'f';
    if (!is_letter && (digit < '0' || digit > '9')) return std::nullopt;
    const auto value = static_cast<uint64_t>(is_letter ? digit - 'a' + 10 : digit - '0');
    uint64_t& half = content[i / (kHexDigits / 2)];
    half = half << 4 | value;
  }
  return content;
}

// Whether nobody but us can write to it.
bool IsOurs(const struct stat& status) { return status.st_uid == geteuid() && (status.st_mode & 022) == 0; }

// Whether an open file is ours and holds these bytes. Read, not mapped: nothing happens where it turns out shorter.
bool Holds(const OpenFile& file, std::span<const std::byte> bytes) {
  struct stat status{};
  if (fstat(file.descriptor(), &status) != 0 || !S_ISREG(status.st_mode) || !IsOurs(status)) return false;
  if (static_cast<uint64_t>(status.st_size) != bytes.size()) return false;
  std::vector<std::byte> piece(std::min(kComparedAtOnce, bytes.size()));
  for (size_t at = 0; at < bytes.size(); at += piece.size()) {
    const size_t count = std::min(piece.size(), bytes.size() - at);
    if (!file.Read(piece.data(), count, at) || std::memcmp(piece.data(), bytes.data() + at, count) != 0) return false;
  }
  return true;
}

// Makes a file that nobody writes to any more. Empty, or what went wrong.
std::string WriteNew(const std::string& path, std::span<const std::byte> bytes) {
  const OpenFile file(path, O_WRONLY | O_CREAT | O_EXCL);
  if (!file.IsOpen()) return SystemText(errno);
  if (const int error = file.Write(bytes.data(), bytes.size())) return SystemText(error);
  return fchmod(file.descriptor(), 0400) == 0 ? "" : SystemText(errno);
}

}  // namespace

// That contents are in use by one block of this process.
class SharedBlocks::Use {
 public:
  Use(std::shared_ptr<SharedBlocks> blocks, const ContentHash& content, size_t bytes)
      : blocks_(std::move(blocks)), content_(content), bytes_(bytes) {}
  ~Use() {
    if (begun_) blocks_->End(content_, bytes_);
  }
  Use(const Use&) = delete;
  Use& operator=(const Use&) = delete;

  // Empty, or what went wrong.
  std::string Begin() {
    std::string problem = blocks_->Begin(content_, bytes_);
    begun_ = problem.empty();
    return problem;
  }

 private:
  std::shared_ptr<SharedBlocks> blocks_;
  ContentHash content_;
  size_t bytes_;
  bool begun_ = false;
};

class SharedBlocks::Block final : public Memory {
 public:
  explicit Block(size_t bytes) : pages_(cpu::AllocatePages(bytes)) {}

  DevicePtr data() const override { return pages_->data(); }
  size_t bytes() const override { return pages_->bytes(); }
  std::byte* host() const override { return pages_->host(); }
  std::span<const std::byte> contents() const { return {host(), bytes()}; }

  // Puts pages of a file that holds the same bytes in place of its own. Whoever reads them sees no difference. 0, or
  // what the system says.
  int Map(const OpenFile& file) const {
    void* const there = ::mmap(host(), bytes(), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_FIXED, file.descriptor(), 0);
    if (there == MAP_FAILED) return errno;
#ifdef MADV_HUGEPAGE
    ::madvise(there, bytes(), MADV_HUGEPAGE);  // a wish, as for pages of its own
#endif
    return 0;
  }

  std::unique_ptr<Use> use;  // null: it has its own pages

 private:
  std::unique_ptr<Memory> pages_;
};

SharedBlocks::SharedBlocks(std::string folder) : folder_(std::move(folder)) {
  try {
    Open();
    if (locks_) RemoveUnused();
  } catch (const std::exception& error) {
    locks_.reset();
    Note(error.what());
  }
}

void SharedBlocks::Open() {
  namespace fs = std::filesystem;
  std::error_code error;
  const bool is_new = fs::create_directories(folder_, error);
  if (error) return Note(error.message());
  if (is_new) fs::permissions(folder_, fs::perms::owner_all, error);
  struct stat status{};
  if (stat(folder_.c_str(), &status) != 0) return Note(SystemText(errno));
  if (!IsOurs(status)) return Note("others can write to the folder");
  locks_.emplace(folder_ + "/" + kLocks);
  if (locks_->problem().empty()) return;
  Note(locks_->problem());
  locks_.reset();
}

void SharedBlocks::RemoveUnused() {
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder_, error)) {
    const auto content = ContentOf(entry.path().filename().string());
    if (!content) continue;
    if (locks_->Release(*content)) std::filesystem::remove(entry.path(), error);
    locks_->Leave(*content);
  }
}

std::string SharedBlocks::PathOf(const ContentHash& content) const { return folder_ + "/" + HexOf(content); }

std::unique_ptr<Memory> SharedBlocks::Allocate(const Backend& backend, size_t bytes) {
  if (bytes < kLeastBytes) return nullptr;
  if (!backend.device().shares_host_memory) {
    Note("device " + backend.device().name + " has memory of its own");
    return nullptr;
  }
  {
    const std::lock_guard lock(mutex_);
    if (!locks_) return nullptr;
  }
  RequireFits(backend, bytes);
  return std::make_unique<Block>(bytes);
}

void SharedBlocks::Share(Memory& memory, const std::optional<ContentHash>& content) noexcept {
  auto* const block = dynamic_cast<Block*>(&memory);
  if (block == nullptr) return;
  try {
    std::string problem = ShareAs(*block, content ? *content : HashOf(block->contents()));
    if (!problem.empty()) Note(std::move(problem));
  } catch (const std::exception& error) {
    Note(error.what());
  }
}

std::string SharedBlocks::ShareAs(Block& block, const ContentHash& content) {
  auto use = std::make_unique<Use>(shared_from_this(), content, block.bytes());
  std::string problem = use->Begin();
  if (!problem.empty()) return problem;
  const std::string path = PathOf(content);
  for (const bool again : {false, true}) {
    const OpenFile file(path, O_RDONLY | O_NOFOLLOW);
    if (file.IsOpen() && Holds(file, block.contents())) {
      if (const int error = block.Map(file)) return SystemText(error);
      const std::lock_guard lock(mutex_);
      std::swap(block.use, use);  // what it was before is given back without the lock
      return "";
    }
    if (again) break;
    problem = Write(path, block.contents(), file.IsOpen());
    if (!problem.empty()) return problem;
  }
  return "a file is not what was written";
}

std::string SharedBlocks::Begin(const ContentHash& content, size_t bytes) {
  const std::lock_guard lock(mutex_);
  size_t& times = in_use_[content];
  if (times == 0) {
    if (std::string problem = locks_->Hold(content); !problem.empty()) {
      in_use_.erase(content);
      return problem;
    }
  }
  ++times;
  ++stats_.blocks;
  stats_.bytes += bytes;
  return "";
}

void SharedBlocks::End(const ContentHash& content, size_t bytes) noexcept {
  const std::lock_guard lock(mutex_);
  --stats_.blocks;
  stats_.bytes -= bytes;
  const auto found = in_use_.find(content);
  if (--found->second > 0) return;
  in_use_.erase(found);
  if (locks_->Release(content)) unlink(PathOf(content).c_str());
  locks_->Leave(content);
}

std::string SharedBlocks::Write(const std::string& path, std::span<const std::byte> bytes, bool replace) const {
  // Processes and threads may write the same file at the same time; the first one's stays.
  const auto now = std::chrono::steady_clock::now().time_since_epoch().count();
  const std::string temporary = path + "." + std::to_string(getpid()) + "." + std::to_string(now) + kUnfinished;
  std::string problem = WriteNew(temporary, bytes);
  const auto put = [&] {
    return replace ? std::rename(temporary.c_str(), path.c_str()) : link(temporary.c_str(), path.c_str());
  };
  if (problem.empty() && put() != 0 && errno != EEXIST) problem = SystemText(errno);
  unlink(temporary.c_str());
  return problem;
}

SharedBlocksStats SharedBlocks::Stats() const {
  const std::lock_guard lock(mutex_);
  return stats_;
}

void SharedBlocks::Note(std::string problem) noexcept {
  const std::lock_guard lock(mutex_);
  stats_.problem = std::move(problem);
}

}  // namespace slimnet
