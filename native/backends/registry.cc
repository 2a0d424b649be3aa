// The table of backends. A new backend is one include and one line.
#include <optional>

#include "backend/backend.h"
#include "backends/device_library/device_library.h"
#include "backends/null/null.h"
#include "backends/reference/reference.h"
#include "base/error.h"
#ifdef SLIMNET_HAS_ONEDNN
#include "backends/onednn/onednn.h"
#endif
#ifdef SLIMNET_TEST_DEVICES  // what runs tests alone: no published addon is built so
#include "native/devices/cudnn_software.h"
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
  entries.push_back(LibraryEntry("cudnn", "cuda", "slimnet_cudnn.so"));
#ifdef SLIMNET_TEST_DEVICES
  entries.push_back(testing::DiscreteEntry());
  entries.push_back(testing::CudnnSoftwareEntry());
#endif
  return entries;
}

namespace {

// "cudnn:1" is the second device of "cudnn".
struct Wanted {
  std::string backend;
  std::optional<int> index;
};

Wanted Split(const std::string& name) {
  const size_t colon = name.find(':');
  if (colon == std::string::npos) return {name, {}};
  const std::string digits = name.substr(colon + 1);
  constexpr size_t kMostDigits = 4;
  if (digits.empty() || digits.size() > kMostDigits || digits.find_first_not_of("0123456789") != std::string::npos) {
    return {name, {}};  // no backend has such a name
  }
  return {name.substr(0, colon), std::stoi(digits)};
}

}  // namespace

std::unique_ptr<Backend> MakeBackend(const std::string& name, const BackendOptions& options) {
  std::string names;
  const Wanted wanted = Split(name);
  for (const BackendEntry& entry : BackendEntries()) {
    names += (names.empty() ? "" : ", ") + entry.name;
    if (entry.name != wanted.backend) continue;
    if (const Verdict verdict = entry.available(); !verdict) {
      throw Error(ErrorCode::kBackend, "The backend " + entry.name + " is not available: " + verdict.reason + ".");
    }
    if (options.gpu && !entry.takes_gpu_options) {
      throw Error(ErrorCode::kBackend, "The backend " + entry.name + " has no options of GPUs.");
    }
    if (!wanted.index) return entry.make(options);
    const int devices = entry.devices ? entry.devices() : 1;
    if (*wanted.index >= devices) {
      throw Error(ErrorCode::kBackend, "The backend " + entry.name + " has no device " + std::to_string(*wanted.index) +
                                           ": there " + (devices == 1 ? "is 1" : "are " + std::to_string(devices)) +
                                           ", counted from 0.");
    }
    BackendOptions indexed = options;
    indexed.index = *wanted.index;
    return entry.make(indexed);
  }
  throw Error(ErrorCode::kBackend, "There is no backend " + name + " in this build; it has " + names + ".");
}

}  // namespace slimnet
