#include "tools/bundle/case_options.h"

#include <algorithm>

#include "base/error.h"

namespace slimnet::bundle {

void CaseOptions::AddTo(tools::Options& options) {
  options.Text("--backend NAME", "what is tested (onednn)", backend);
  options.Integer("--threads N", "of backends that compute on the host (all cores)", threads, 1, 1024);
  options.Texts("--filter TEXT", "cases with this in their name", filters);
  options.Texts("--only NAME", "the case of this name", only);
}

std::vector<Bundle> CaseOptions::ReadBundles() const {
  if (files.empty()) throw Error(ErrorCode::kArgument, "No bundle is named; --help tells how.");
  std::vector<Bundle> bundles;
  for (const std::string& file : files) bundles.push_back(Bundle::Read(file));
  return bundles;
}

bool CaseOptions::Chosen(const Case& item) const {
  if (filters.empty() && only.empty()) return true;
  return std::find(only.begin(), only.end(), item.name) != only.end() ||
         std::any_of(filters.begin(), filters.end(),
                     [&](const std::string& filter) { return item.name.find(filter) != std::string::npos; });
}

void ForEachChosen(const CaseOptions& options, const std::function<bool(const Case& item)>& body) {
  const std::vector<Bundle> bundles = options.ReadBundles();
  for (const Bundle& bundle : bundles) {
    for (const Case& item : bundle.cases()) {
      if (options.Chosen(item) && !body(item)) return;
    }
  }
}

}  // namespace slimnet::bundle
