#include "runtime/packed_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>

#include "runtime/open_file.h"

namespace slimnet {
namespace {

constexpr std::array<char, 8> kMagic{'s', 'l', 'i', 'm', 'p', 'a', 'k', '1'};
constexpr size_t kWritePiece = size_t{1} << 20;
constexpr uint64_t kMostBlocks = uint64_t{1} << 20;

struct Header {
  std::array<char, 8> magic = kMagic;
  uint64_t blocks = 0;
  ContentHash table{};  // hash of the table behind it
};

struct Entry {
  ContentHash key{};
  ContentHash content{};
  uint64_t offset = 0;
  uint64_t bytes = 0;
};

std::span<const std::byte> BytesOf(const std::vector<Entry>& entries) { return std::as_bytes(std::span(entries)); }

// The table of a file; empty where it is none of ours or damaged.
std::vector<Entry> ReadTable(const OpenFile& file) {
  Header header;
  if (!file.Read(&header, sizeof header, 0) || header.magic != kMagic || header.blocks > kMostBlocks) return {};
  std::vector<Entry> entries(header.blocks);
  if (!file.Read(entries.data(), entries.size() * sizeof(Entry), sizeof header)) return {};
  if (HashOf(BytesOf(entries)) != header.table) return {};
  return entries;
}

bool ReadBlock(const OpenFile& file, const Entry& entry, std::span<std::byte> memory) {
  return file.Read(memory.data(), memory.size(), entry.offset) && HashOf(memory) == entry.content;
}

uint64_t Aligned(uint64_t offset) { return (offset + 63) / 64 * 64; }

}  // namespace

PackedReading ReadPackedFile(const std::string& path, std::span<const PackedTarget> targets, ParallelFor& pool) {
  const OpenFile file(path, O_RDONLY);
  if (!file.IsOpen()) return {errno != ENOENT, errno == ENOENT ? "" : SystemText(errno)};
  const std::vector<Entry> entries = ReadTable(file);
  std::vector<const Entry*> found;
  for (const PackedTarget& target : targets) {
    const auto entry =
        std::find_if(entries.begin(), entries.end(), [&](const Entry& e) { return e.key == target.key; });
    if (entry == entries.end() || entry->bytes != target.memory.size()) return {true, "the file is damaged"};
    found.push_back(&*entry);
  }
  std::atomic<bool> good{true};
  const auto read = [&](int job) {
    const auto i = static_cast<size_t>(job);
    if (good.load(std::memory_order_relaxed) && !ReadBlock(file, *found[i], targets[i].memory)) {
      good.store(false, std::memory_order_relaxed);
    }
  };
  pool.Run(static_cast<int>(targets.size()), read);
  if (!good.load(std::memory_order_relaxed)) return {true, "the file is damaged"};
  futimens(file.descriptor(), nullptr);  // was used lately
  return {true, ""};
}

PackedProblem WritePackedFile(const std::string& path, std::span<const PackedBlock> blocks,
                              const std::function<bool()>& go_on) {
  Header header{.blocks = blocks.size()};
  std::vector<Entry> entries;
  uint64_t offset = Aligned(sizeof header + blocks.size() * sizeof(Entry));
  for (const PackedBlock& block : blocks) {
    if (!go_on()) return "it was not finished before the end of the process";
    const std::span<const std::byte> bytes = block.content.bytes();
    entries.push_back({block.key, HashOf(bytes), offset, bytes.size()});
    offset = Aligned(offset + bytes.size());
  }
  header.table = HashOf(BytesOf(entries));

  // Processes and threads may write the same file at the same time; the last one's stays.
  const auto now = std::chrono::steady_clock::now().time_since_epoch().count();
  const std::string temporary = path + "." + std::to_string(getpid()) + "." + std::to_string(now) + kUnfinished;
  int error = 0;
  bool stopped = false;
  {
    const OpenFile file(temporary, O_WRONLY | O_CREAT | O_EXCL);
    if (!file.IsOpen()) return SystemText(errno);
    uint64_t at = 0;
    const auto put = [&](const void* from, size_t bytes) {
      for (size_t done = 0; done < bytes && error == 0 && !stopped; done += kWritePiece) {
        stopped = !go_on();
        if (!stopped) error = file.Write(static_cast<const char*>(from) + done, std::min(kWritePiece, bytes - done));
      }
      at += bytes;
    };
    const auto align = [&] {
      static constexpr std::array<std::byte, 64> kZeros{};
      put(kZeros.data(), Aligned(at) - at);
    };
    put(&header, sizeof header);
    put(entries.data(), entries.size() * sizeof(Entry));
    for (const PackedBlock& block : blocks) {
      align();
      put(block.content.bytes().data(), block.content.bytes().size());
    }
  }
  if (error == 0 && !stopped && std::rename(temporary.c_str(), path.c_str()) == 0) return "";
  if (error == 0 && !stopped) error = errno;
  std::remove(temporary.c_str());
  return stopped ? "it was not finished before the end of the process" : SystemText(error);
}

}  // namespace slimnet
