#include "backends/cudnn/graph/plan_folder.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string_view>
#include <system_error>
#include <tuple>
#include <utility>
#include <vector>

#include "base/content_hash.h"

namespace slimnet::cudnn {
namespace {

namespace fs = std::filesystem;

constexpr const char* kFirstLine = "slimnet cudnn plan 1\n";
constexpr const char* kEnding = ".plan";
constexpr const char* kBeingWritten = ".tmp";

// First line, hash of what follows, length of the key, key, plan.
std::string FileText(const std::string& key, const std::string& plan) {
  const std::string body = std::to_string(key.size()) + "\n" + key + plan;
  return kFirstLine + HexOf(HashOf(body)) + "\n" + body;
}

// The plan in the text of a file; none where it is damaged or of another key.
std::optional<std::string> PlanIn(const std::string& text, const std::string& key) {
  const std::string_view first = kFirstLine;
  if (!text.starts_with(first)) return std::nullopt;
  const size_t hash_end = text.find('\n', first.size());
  if (hash_end == std::string::npos) return std::nullopt;
  const std::string body = text.substr(hash_end + 1);
  if (text.substr(first.size(), hash_end - first.size()) != HexOf(HashOf(body))) return std::nullopt;
  const std::string head = std::to_string(key.size()) + "\n" + key;
  if (!body.starts_with(head)) return std::nullopt;
  return body.substr(head.size());
}

// Writes a new file, whose name it makes of a pattern. 0, or what the system says.
int WriteNew(std::string& pattern, const std::string& text) {
  const int file = mkostemps(pattern.data(), static_cast<int>(std::string_view(kBeingWritten).size()), O_CLOEXEC);
  if (file < 0) return errno;
  int error = 0;
  for (size_t done = 0; error == 0 && done < text.size();) {
    const ssize_t count = write(file, text.data() + done, text.size() - done);
    if (count >= 0) {
      done += static_cast<size_t>(count);
    } else if (errno != EINTR) {
      error = errno;
    }
  }
  if (close(file) != 0 && error == 0) error = errno;
  return error;
}

}  // namespace

fs::path PlanFolder::FileOf(const std::string& key) const { return path_ / (HexOf(HashOf(key)) + kEnding); }

std::optional<std::string> PlanFolder::Find(const std::string& key) const {
  std::ifstream file(FileOf(key), std::ios::binary);
  if (!file) return std::nullopt;
  const std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  return PlanIn(text, key);
}

std::string PlanFolder::Keep(const std::string& key, const std::string& plan) {
  const std::lock_guard lock(writing_);
  const auto failed = [&](const std::string& what, const std::string& why) {
    return "The plans of cuDNN could not be kept: " + what + ": " + why + ".";
  };
  const std::string text = FileText(key, plan);
  if (text.size() > limit_) return {};  // never one that alone is too large
  std::error_code error;
  fs::create_directories(path_.parent_path(), error);
  if (mkdir(path_.c_str(), 0700) != 0 && errno != EEXIST) {
    return failed(path_.string(), std::system_category().message(errno));
  }
  const fs::path file = FileOf(key);
  std::string unfinished = file.string() + ".XXXXXX" + kBeingWritten;
  if (const int status = WriteNew(unfinished, text); status != 0) {
    fs::remove(unfinished, error);
    return failed(unfinished, std::system_category().message(status));
  }
  fs::rename(unfinished, file, error);
  if (error) {
    const std::string why = error.message();
    fs::remove(unfinished, error);
    return failed(file.string(), why);
  }
  MakeRoom();
  return {};
}

void PlanFolder::MakeRoom() const {
  std::vector<std::tuple<fs::file_time_type, fs::path, size_t>> files;
  size_t total = 0;
  std::error_code error;
  for (fs::directory_iterator at(path_, error), end; !error && at != end; at.increment(error)) {
    std::error_code gone;  // another process makes room as well
    const fs::file_time_type time = at->last_write_time(gone);
    const size_t size = gone ? 0 : at->file_size(gone);
    const std::string ending = at->path().extension();
    if (gone || (ending != kEnding && ending != kBeingWritten)) continue;
    total += size;
    if (ending == kEnding) files.emplace_back(time, at->path(), size);
  }
  std::ranges::sort(files);
  for (const auto& [time, path, size] : files) {
    if (total <= limit_) return;
    std::error_code gone;
    fs::remove(path, gone);
    total -= size;
  }
}

}  // namespace slimnet::cudnn
