// Which contents are in use by some process of this machine: locks on single bytes of one file. The system gives them
// back when a process ends in whatever way, so nothing is in use that nobody uses.
#pragma once

#include <string>

#include "base/content_hash.h"
#include "runtime/open_file.h"

namespace slimnet {

// Locks belong to the object, not to the process: two of the same file know of each other. A thread at a time.
class UseLocks {
 public:
  // `path` names the file, which is made where there is none.
  explicit UseLocks(const std::string& path);

  // Empty, or why there can be no locks, in words for people.
  const std::string& problem() const { return problem_; }

  // Notes that it is in use here. Waits for others that remove it, a second at most. Empty, or what went wrong.
  std::string Hold(const ContentHash& content);
  // It is not in use here any more. True where nobody else uses it either: then nobody begins to before Leave.
  bool Release(const ContentHash& content);
  void Leave(const ContentHash& content);

 private:
  OpenFile file_;
  std::string problem_;
};

}  // namespace slimnet
