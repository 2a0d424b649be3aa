#include <dlfcn.h>

#include <filesystem>
#include <memory>
#include <utility>

#include "backends/device_library/device_library.h"
#include "base/error.h"

namespace slimnet {
namespace {

// The folder of the addon, or of the program that this is part of.
std::filesystem::path OwnFolder() {
  Dl_info info{};
  const auto here = reinterpret_cast<void*>(&LibraryEntry);
  if (dladdr(here, &info) == 0 || info.dli_fname == nullptr) return {};
  std::error_code failed;
  const std::filesystem::path file = std::filesystem::absolute(info.dli_fname, failed);
  return failed ? std::filesystem::path() : file.parent_path();
}

struct Found {
  const slimnet_device_library* library = nullptr;
  std::string problem = {};  // where there is none
};

Found Find(const std::string& file) {
  const std::filesystem::path path = OwnFolder() / file;
  std::error_code failed;
  if (!std::filesystem::exists(path, failed)) {
    return {nullptr, "the library for NVIDIA GPUs is missing (" + path.string() +
                         "); builds with CUDA's compiler, nvcc, have it"};
  }
  void* const handle = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr) return {nullptr, std::string("the library for NVIDIA GPUs cannot be loaded: ") + dlerror()};
  void* const symbol = dlsym(handle, SLIMNET_DEVICE_LIBRARY_SYMBOL);
  if (symbol == nullptr) return {nullptr, path.string() + " is no device library of slimnet"};
  const auto* library = reinterpret_cast<slimnet_device_library_entry>(symbol)(SLIMNET_DEVICE_LIBRARY_VERSION);
  if (library == nullptr) return {nullptr, path.string() + " handed out nothing"};
  if (const std::string problem = Mismatch(*library); !problem.empty()) {
    return {nullptr, path.string() + ": " + problem};
  }
  return {library};
}

// dlopen counts: to open the file again is to find it open.
int CountDevices(const std::string& file, std::string& problem) {
  const Found found = Find(file);
  problem = found.problem;
  if (found.library == nullptr) return 0;
  const auto error = std::make_unique<slimnet_error>();
  const int count = found.library->device_count(error.get());
  if (count <= 0) problem = count < 0 ? error->message : "there is no GPU that this process may use";
  return count < 0 ? 0 : count;
}

}  // namespace

BackendEntry LibraryEntry(std::string name, std::string device, std::string file) {
  BackendEntry entry;
  entry.name = name;
  entry.takes_gpu_options = true;
  entry.available = [file] {
    std::string problem;
    return CountDevices(file, problem) > 0 ? Verdict::Yes() : Verdict::No(problem);
  };
  entry.devices = [file] {
    std::string problem;
    return CountDevices(file, problem);
  };
  entry.make = [name, device, file](const BackendOptions& options) {
    const Found found = Find(file);
    if (found.library == nullptr) throw Error(ErrorCode::kBackend, "The backend " + name + ": " + found.problem + ".");
    const std::string suffix = options.index == 0 ? "" : ":" + std::to_string(options.index);
    return OpenDevice(*found.library, name + suffix, device + suffix, options.index,
                      options.gpu.value_or(GpuOptions()));
  };
  return entry;
}

}  // namespace slimnet
