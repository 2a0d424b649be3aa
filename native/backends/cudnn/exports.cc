// What slimnet_cudnn.so hands out.
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <memory>
#include <utility>

#include "backend/device_exports.h"
#include "backends/cudnn/cudnn.h"
#include "backends/cudnn/gpu/cuda_gpu.h"
#include "backends/cudnn/gpu/limited_gpu.h"
#include "backends/cudnn/graph/cudnn_runner.h"
#include "backends/cudnn/graph/plan_folder.h"
#include "base/error.h"

namespace slimnet::cudnn {
namespace {

// $SLIMNET_CUDA_MEMORY_MIB: what sessions with the same options may take of a GPU's memory, whatever their own limit;
// unset: all.
std::shared_ptr<Gpu> Limited(std::shared_ptr<Gpu> gpu) {
  const char* const text = std::getenv("SLIMNET_CUDA_MEMORY_MIB");
  if (text == nullptr || *text == 0) return gpu;
  size_t mib = 0;
  const char* const end = text + std::strlen(text);
  const auto [read, failed] = std::from_chars(text, end, mib);
  if (failed != std::errc() || read != end || mib == 0 || mib > size_t{1} << 30) {
    throw Error(ErrorCode::kBackend,
                std::string("SLIMNET_CUDA_MEMORY_MIB: expected a number of MiB, received ") + text + ".");
  }
  return LimitMemory(std::move(gpu), mib << 20);
}

// Plans that were built before: in the user's cache.
std::shared_ptr<PlanFolder> Folder() {
  const auto variable = [](const char* name) -> std::filesystem::path {
    const char* const value = std::getenv(name);
    return value == nullptr ? "" : value;
  };
  std::filesystem::path cache = variable("XDG_CACHE_HOME");
  if (cache.empty() && !variable("HOME").empty()) cache = variable("HOME") / ".cache";
  if (cache.empty()) return nullptr;
  constexpr size_t kMostBytes = size_t{256} << 20;
  return std::make_shared<PlanFolder>(cache / "slimnet" / "cudnn_plans", kMostBytes);
}

std::unique_ptr<Backend> Make(int index, const GpuOptions& options) {
  std::shared_ptr<Gpu> gpu = Limited(OpenGpu(index));
  std::shared_ptr<const Library> library = Library::Open(DefaultPlaces());
  std::shared_ptr<const Handle> handle = Handle::Create(library);
  Device parts;
  parts.gpu = std::move(gpu);
  parts.plans = std::make_shared<Plans>(library, PlanTarget{handle, ""}, Folder());
  parts.runner = NewCudnnRunner(library);
  Obey(parts, options);
  const std::string suffix = index == 0 ? "" : ":" + std::to_string(index);
  return MakeBackend("cudnn" + suffix, "cuda" + suffix, std::move(parts), {library->description()});
}

int Count() {
  const int count = CountGpus();
  Library::Open(DefaultPlaces());  // a GPU without cuDNN is none
  return count;
}

constexpr DeviceSource kSource{.count = Count, .make = Make, .layout_named = LayoutNamed};

}  // namespace
}  // namespace slimnet::cudnn

extern "C" __attribute__((visibility("default"))) const slimnet_device_library* slimnet_open_device_library(uint32_t) {
  return &slimnet::DeviceLibrary<slimnet::cudnn::kSource>();
}
