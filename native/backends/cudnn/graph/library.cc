#include "backends/cudnn/graph/library.h"

#include <dlfcn.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <system_error>
#include <utility>

#include "backends/cudnn/graph/cudnn_abi.h"
#include "backends/cudnn/graph/status.h"
#include "base/error.h"

namespace slimnet::cudnn {
namespace {

namespace fs = std::filesystem;

constexpr const char* kSoname = "libcudnn.so.9";
// Devices are told to cuDNN by a descriptor that this version brought.
constexpr size_t kOldest = 90800;

std::string VersionText(size_t version) {
  return std::to_string(version / 10000) + "." + std::to_string(version / 100 % 100) + "." +
         std::to_string(version % 100);
}

std::string PathOf(const void* symbol) {
  Dl_info info;
  return dladdr(symbol, &info) != 0 && info.dli_fname != nullptr ? info.dli_fname : kSoname;
}

// The file of the library in a folder that somebody named, or empty.
fs::path FileIn(const fs::path& folder) {
  for (const char* below : {"", "lib", "lib64"}) {
    const fs::path file = (below[0] == '\0' ? folder : folder / below) / kSoname;
    std::error_code ignored;
    if (fs::exists(file, ignored)) return file;
  }
  return {};
}

// cuDNN compiles kernels with NVRTC, which opens its builtins by name and does not look beside itself. In Python's
// packages all of them lie in folders beside cuDNN's: what is opened from there is found by name afterwards.
void OpenCompilerBeside(const fs::path& cudnn) {
  std::error_code ignored;
  const fs::path packages = fs::canonical(cudnn, ignored).parent_path().parent_path().parent_path();
  for (const char* below : {"cu13/lib", "cuda_nvrtc/lib"}) {
    fs::directory_iterator folder(packages / below, ignored);
    if (ignored) continue;
    for (const fs::directory_entry& entry : folder) {
      const std::string name = entry.path().filename();
      if (name.starts_with("libnvrtc-builtins.so.")) dlopen(entry.path().c_str(), RTLD_NOW | RTLD_GLOBAL);
    }
  }
}

class OpenedLibrary final : public Library {
 public:
  OpenedLibrary(EntryPoints entry_points, size_t version, std::string path)
      : entry_points_(entry_points),
        version_(version),
        description_("cuDNN " + VersionText(version) + " (" + std::move(path) + ")") {}

  const EntryPoints& entry_points() const override { return entry_points_; }
  size_t version() const override { return version_; }
  const std::string& description() const override { return description_; }

 private:
  EntryPoints entry_points_;
  size_t version_;
  std::string description_;
};

// What was tried, for the sentence of a failure.
class Attempts {
 public:
  void Add(const std::string& place, const std::string& found) {
    text_ += (text_.empty() ? "" : "; ") + place + ": " + found;
  }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

template <class F>
bool Find(void* library, const char* name, F*& function) {
  function = reinterpret_cast<F*>(dlsym(library, name));
  return function != nullptr;
}

// The opened library, or null with the reason.
std::shared_ptr<const Library> OpenFile(const std::string& file, std::string& reason) {
  void* const library = dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    const char* const error = dlerror();
    reason = error != nullptr ? error : "dlopen failed";
    return nullptr;
  }
  EntryPoints entry;
  const bool complete = Find(library, "cudnnGetVersion", entry.get_version) &&
                        Find(library, "cudnnGetErrorString", entry.get_error_string) &&
                        Find(library, "cudnnGetLastErrorString", entry.get_last_error_string) &&
                        Find(library, "cudnnCreate", entry.create) && Find(library, "cudnnDestroy", entry.destroy) &&
                        Find(library, "cudnnSetStream", entry.set_stream) &&
                        Find(library, "cudnnBackendCreateDescriptor", entry.create_descriptor) &&
                        Find(library, "cudnnBackendDestroyDescriptor", entry.destroy_descriptor) &&
                        Find(library, "cudnnBackendSetAttribute", entry.set_attribute) &&
                        Find(library, "cudnnBackendGetAttribute", entry.get_attribute) &&
                        Find(library, "cudnnBackendFinalize", entry.finalize) &&
                        Find(library, "cudnnBackendExecute", entry.execute);
  if (!complete) {
    reason = "it is no cuDNN 9.8 or later: functions are missing";
    return nullptr;
  }
  const size_t version = entry.get_version();
  if (version < kOldest || version >= 100000) {
    reason = "it is cuDNN " + VersionText(version) + ", and 9.8 or a later 9 is needed";
    return nullptr;
  }
  const std::string path = PathOf(reinterpret_cast<const void*>(entry.get_version));
  OpenCompilerBeside(path);
  return std::make_shared<OpenedLibrary>(entry, version, path);
}

class OpenedHandle final : public Handle {
 public:
  explicit OpenedHandle(std::shared_ptr<const Library> library) : library_(std::move(library)) {
    const abi::Status status = library_->entry_points().create(&handle_);
    if (status != abi::kSuccess) {
      throw Error(ErrorCode::kBackend,
                  library_->description() + " does not work with this device: " + Explain(*library_, status) + ".");
    }
  }
  ~OpenedHandle() override { library_->entry_points().destroy(handle_); }

  const std::shared_ptr<const Library>& library() const override { return library_; }
  void* native() const override { return handle_; }

 private:
  std::shared_ptr<const Library> library_;
  abi::Handle handle_ = nullptr;
};

}  // namespace

LibraryPlaces DefaultPlaces() {
  LibraryPlaces places;
  if (const char* const root = std::getenv("SLIMNET_CUDNN_ROOT"); root != nullptr && root[0] != '\0') {
    // Who names a folder wants that one and no other.
    places.folders.push_back(root);
    places.loader = false;
  }
  return places;
}

std::shared_ptr<const Library> Library::Open(const LibraryPlaces& places) {
  Attempts attempts;
  std::string reason;
  for (const std::string& folder : places.folders) {
    const fs::path file = FileIn(folder);
    if (file.empty()) {
      attempts.Add(folder, std::string("there is no ") + kSoname + " in it, nor in lib/ or lib64/ below");
      continue;
    }
    if (auto library = OpenFile(file, reason)) return library;
    attempts.Add(file, reason);
  }
  if (places.loader) {
    if (auto library = OpenFile(kSoname, reason)) return library;
    attempts.Add(std::string("the system's loader"), reason);
  }
  throw Error(
      ErrorCode::kBackend,
      "cuDNN 9.8 or a later 9 was not found (" + attempts.text() +
          "). Install it (pip install nvidia-cudnn-cu13 or nvidia-cudnn-cu12, or NVIDIA's packages) and put its "
          "folder on LD_LIBRARY_PATH or into SLIMNET_CUDNN_ROOT.");
}

std::shared_ptr<const Handle> Handle::Create(std::shared_ptr<const Library> library) {
  return std::make_shared<OpenedHandle>(std::move(library));
}

}  // namespace slimnet::cudnn
