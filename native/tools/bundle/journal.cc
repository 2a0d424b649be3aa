#include "tools/bundle/journal.h"

#include "base/error.h"
#include "ir/scanner.h"
#include "ir/text.h"

namespace slimnet::bundle {

Journal::Journal(const std::string& path) {
  if (path.empty()) return;
  ReadEarlier(path);
  file_.open(path, std::ios::app);
  if (!file_) throw Error(ErrorCode::kArgument, "Could not write the journal " + path + ".");
  if (!interrupted_.empty()) Write("failed", interrupted_, R"({"message":"the process ended in this case"})");
}

void Journal::ReadEarlier(const std::string& path) {
  std::ifstream file(path);
  std::string text;
  try {
    for (size_t number = 1; std::getline(file, text); ++number) {
      if (file.eof()) break;  // cut off while it was written
      Scanner line(text, number, "Journal");
      const std::string state(line.Word("a state"));
      line.Expect(" ");
      const std::string name = line.String("a quoted name");
      if (state == "begun") {
        interrupted_ = name;
        continue;
      }
      interrupted_.clear();
      if (!done_.insert(name).second) continue;
      if (state == "passed") {
        ++passed_;
      } else if (state == "refused") {
        ++refused_;
      } else {
        ++failed_;
      }
    }
  } catch (const Error& error) {
    throw Error(ErrorCode::kArgument, path + ": " + error.what());
  }
  if (interrupted_.empty()) return;
  done_.insert(interrupted_);
  ++failed_;
}

void Journal::Write(const std::string& state, const std::string& name, const std::string& json) {
  if (!file_.is_open()) return;
  const std::lock_guard lock(mutex_);
  file_ << state << ' ' << Quote(name) << (json.empty() ? "" : " ") << json << '\n' << std::flush;
}

}  // namespace slimnet::bundle
