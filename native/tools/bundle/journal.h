// What became of each case, one line each, written before and after it: so that a program which a case has ended can be
// started again and goes on behind that case, which has failed.
//
//   begun "NAME"
//   passed "NAME" {"error":0.25,...}
//
// What stands behind the name is JSON.
#pragma once

#include <fstream>
#include <mutex>
#include <set>
#include <string>

namespace slimnet::bundle {

class Journal {
 public:
  // Without a path nothing is written. Throws Error{kArgument} where the file cannot be read or written.
  explicit Journal(const std::string& path);

  bool IsDone(const std::string& name) const { return done_.contains(name); }
  // The case in which an earlier process ended; it is noted as failed. Empty: there is none.
  const std::string& interrupted() const { return interrupted_; }
  // Cases of earlier processes, by state.
  size_t passed() const { return passed_; }
  size_t failed() const { return failed_; }
  size_t refused() const { return refused_; }

  // On disk when it returns. From any thread.
  void Write(const std::string& state, const std::string& name, const std::string& json = {});

 private:
  void ReadEarlier(const std::string& path);

  std::mutex mutex_;
  std::ofstream file_;
  std::set<std::string> done_;
  std::string interrupted_;
  size_t passed_ = 0;
  size_t failed_ = 0;
  size_t refused_ = 0;
};

}  // namespace slimnet::bundle
