// Plans that were built before, kept on disk for the next process.
#pragma once

#include <cstddef>
#include <filesystem>
#include <mutex>
#include <optional>
#include <string>

namespace slimnet::cudnn {

// A folder with one file a plan. Several processes may share it: a file is there whole or not at all, and one that is
// damaged counts as none. Whoever can write into it can make cuDNN load code, so it is made for its owner alone.
class PlanFolder {
 public:
  // Holds `bytes` at most: what was written first goes first.
  PlanFolder(std::filesystem::path path, size_t bytes) : path_(std::move(path)), limit_(bytes) {}

  // What was kept under exactly this key.
  std::optional<std::string> Find(const std::string& key) const;
  // Empty, or why it could not be kept, in words for people.
  std::string Keep(const std::string& key, const std::string& plan);
  // Where a plan of this key lies.
  std::filesystem::path FileOf(const std::string& key) const;

 private:
  void MakeRoom() const;

  std::filesystem::path path_;
  size_t limit_;
  std::mutex writing_;  // one thread makes room at a time
};

}  // namespace slimnet::cudnn
