#include "native/devices/cudnn_software.h"

#include <memory>
#include <string>
#include <utility>

#include "backend/device_exports.h"
#include "backends/cudnn/cudnn.h"
#include "backends/device_library/device_library.h"
#include "native/devices/cudnn_software/interpreter/pinned_cudnn.h"
#include "native/devices/cudnn_software/interpreter/soft_runner.h"
#include "native/devices/cudnn_software/software_backend.h"

namespace slimnet::testing {

std::unique_ptr<Backend> MakeCudnnSoftware(std::shared_ptr<Faults> faults, int index) {
  const std::shared_ptr<const cudnn::Library> library = OpenPinnedCudnn();
  cudnn::Device parts;
  parts.gpu = NewSoftwareGpu(H200(), std::move(faults));
  parts.plans = std::make_shared<cudnn::Plans>(library, cudnn::PlanTarget{nullptr, H200()});
  parts.runner = NewSoftRunner();
  // The package for tests has few engines that compute strictly in float32. The interpreter does, whatever the engine.
  parts.rules.allow_tf32 = true;
  const std::string name = "cudnn-software" + (index == 0 ? "" : ":" + std::to_string(index));
  return cudnn::MakeBackend(name, name, std::move(parts), {library->description()});
}

namespace {

// All that tests do with it goes through the interface of libraries, as with a GPU.
constexpr DeviceSource kSource{
    .count = [] { return 2; },
    .make = [](int index) { return MakeCudnnSoftware(std::make_shared<Faults>(), index); },
    .layout_named = cudnn::LayoutNamed,
};

}  // namespace

BackendEntry CudnnSoftwareEntry() {
  BackendEntry entry;
  entry.name = "cudnn-software";
  entry.available = HasPinnedCudnn;
  entry.make = [](const BackendOptions& options) {
    const std::string name = "cudnn-software" + (options.index == 0 ? "" : ":" + std::to_string(options.index));
    return OpenDevice(DeviceLibrary<kSource>(), name, name, options.index);
  };
  entry.devices = [] { return 2; };
  return entry;
}

}  // namespace slimnet::testing
