// What is the same in the command lines of all tools that go through recorded cases: a backend, and which cases of
// which bundles.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "runtime/cores.h"
#include "tools/bundle/bundle.h"
#include "tools/command_line/options.h"

namespace slimnet::bundle {

// As many as anybody asks for.
constexpr int64_t kMost = 1'000'000'000;

struct CaseOptions {
  std::string backend = "onednn";
  int64_t threads = AvailableCores();
  std::vector<std::string> filters;
  std::vector<std::string> only;
  std::vector<std::string> files;

  void AddTo(tools::Options& options);
  // Reads the bundles, all before the first case. Throws Error{kArgument}.
  std::vector<Bundle> ReadBundles() const;
  bool Chosen(const Case& item) const;
};

// Calls `body` with each chosen case, until it returns false.
void ForEachChosen(const CaseOptions& options, const std::function<bool(const Case& item)>& body);

}  // namespace slimnet::bundle
