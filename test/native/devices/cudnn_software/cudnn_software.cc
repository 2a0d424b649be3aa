#include "native/devices/cudnn_software.h"

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <utility>

#include "backend/device_exports.h"
#include "backends/cudnn/cudnn.h"
#include "backends/device_library/device_library.h"
#include "native/devices/cudnn_software/interpreter/pinned_cudnn.h"
#include "native/devices/cudnn_software/interpreter/soft_runner.h"
#include "native/devices/cudnn_software/software_backend.h"

namespace slimnet::testing {

namespace {

// Plans take times that have nothing to do with what they are, but are the same whenever one is asked: those who choose
// by time choose others than those who take the first.
class TimedRunner final : public cudnn::PlanRunner {
 public:
  void Run(const cudnn::Plan& plan, std::span<const cudnn::Port> ports, DevicePtr workspace,
           cudnn::Queue& queue) override {
    inner_->Run(plan, ports, workspace, queue);
    constexpr size_t kTimes = 1009;
    const auto milliseconds = static_cast<double>(1 + std::hash<std::string>()(plan.engine()) % kTimes);
    queue.Do([&queue, milliseconds] { Spend(queue, milliseconds); });
  }

 private:
  std::unique_ptr<cudnn::PlanRunner> inner_ = NewSoftRunner();
};

// What all devices of this process plan with, so that a graph is planned once. Never taken down: parts of cuDNN that it
// opens by and by are, before what was made earlier.
const std::shared_ptr<cudnn::Plans>& SharedPlans(const std::shared_ptr<const cudnn::Library>& library) {
  static const auto& plans =
      *new std::shared_ptr(std::make_shared<cudnn::Plans>(library, cudnn::PlanTarget{nullptr, H200()}));
  return plans;
}

}  // namespace

std::unique_ptr<Backend> MakeCudnnSoftware(std::shared_ptr<Faults> faults, int index, const GpuOptions& options) {
  const std::shared_ptr<const cudnn::Library> library = OpenPinnedCudnn();
  cudnn::Device parts;
  parts.gpu = NewSoftwareGpu(H200(), std::move(faults), index);
  parts.plans = SharedPlans(library);
  parts.runner = std::make_shared<TimedRunner>();
  // The package for tests has few engines that compute strictly in float32. The interpreter does, whatever the engine.
  parts.rules.allow_tf32 = true;
  cudnn::Obey(parts, options);
  const std::string name = "cudnn-software" + (index == 0 ? "" : ":" + std::to_string(index));
  return cudnn::MakeBackend(name, name, std::move(parts), {library->description()});
}

namespace {

// All that tests do with it goes through the interface of libraries, as with a GPU.
constexpr DeviceSource kSource{
    .count = [] { return 2; },
    .make = [](int index,
               const GpuOptions& options) { return MakeCudnnSoftware(std::make_shared<Faults>(), index, options); },
    .layout_named = cudnn::LayoutNamed,
};

}  // namespace

BackendEntry CudnnSoftwareEntry() {
  BackendEntry entry;
  entry.name = "cudnn-software";
  entry.takes_gpu_options = true;
  entry.available = HasPinnedCudnn;
  entry.make = [](const BackendOptions& options) {
    const std::string name = "cudnn-software" + (options.index == 0 ? "" : ":" + std::to_string(options.index));
    return OpenDevice(DeviceLibrary<kSource>(), name, name, options.index, options.gpu.value_or(GpuOptions()));
  };
  entry.devices = [] { return 2; };
  return entry;
}

}  // namespace slimnet::testing
