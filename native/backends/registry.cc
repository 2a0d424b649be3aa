// The table of backends. A new backend is one include and one line.
#include "backend/backend.h"
#include "backends/null/null.h"
#include "backends/reference/reference.h"
#include "base/error.h"
#ifdef SLIMNET_HAS_ONEDNN
#include "backends/onednn/onednn.h"
#endif
#ifdef SLIMNET_TEST_DEVICES  // what runs tests alone: no published addon is built so
#include "native/devices/discrete.h"
#endif

namespace slimnet {

std::vector<BackendEntry> BackendEntries() {
  std::vector<BackendEntry> entries;
#ifdef SLIMNET_HAS_ONEDNN
  entries.push_back(OnednnEntry());
#endif
  entries.push_back(ReferenceEntry());
  entries.push_back(NullEntry());
#ifdef SLIMNET_TEST_DEVICES
  entries.push_back(testing::DiscreteEntry());
#endif
  return entries;
}

std::unique_ptr<Backend> MakeBackend(const std::string& name, const BackendOptions& options) {
  std::string names;
  for (const BackendEntry& entry : BackendEntries()) {
    names += (names.empty() ? "" : ", ") + entry.name;
    if (entry.name != name) continue;
    if (const Verdict verdict = entry.available(); !verdict) {
      throw Error(ErrorCode::kBackend, "The backend " + name + " is not available: " + verdict.reason + ".");
    }
    return entry.make(options);
  }
  throw Error(ErrorCode::kBackend, "There is no backend " + name + " in this build; it has " + names + ".");
}

}  // namespace slimnet
