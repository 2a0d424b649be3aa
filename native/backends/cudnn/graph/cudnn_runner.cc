#include "backends/cudnn/graph/cudnn_runner.h"

#include <mutex>
#include <utility>
#include <vector>

#include "backends/cudnn/graph/cudnn_abi.h"
#include "backends/cudnn/graph/descriptor.h"
#include "backends/cudnn/graph/plan.h"
#include "backends/cudnn/graph/ports.h"
#include "backends/cudnn/graph/status.h"
#include "base/error.h"

namespace slimnet::cudnn {
namespace {

namespace at = abi::attribute;

class CudnnRunner final : public PlanRunner {
 public:
  explicit CudnnRunner(std::shared_ptr<const Handle> handle)
      : library_(handle->library()), handle_(std::move(handle)) {}

  void Run(const Plan& plan, std::span<const Port> ports, DevicePtr workspace, Queue& queue) override {
    CheckPorts(plan, ports, workspace);
    std::vector<int64_t> ids;
    std::vector<const void*> pointers;
    for (const Port& port : ports) {
      ids.push_back(port.id);
      pointers.push_back(port.by_value != nullptr ? port.by_value
                                                  : reinterpret_cast<const void*>(port.device.address()));
    }
    void* const space = reinterpret_cast<void*>(workspace.address());
    Descriptor pack(library_, abi::descriptor::kVariantPack, "the tensors of a run");
    pack.SetInts(at::kVariantPackUniqueIds, ids);
    pack.Set(at::kVariantPackDataPointers, abi::type::kVoidPtr, static_cast<int64_t>(pointers.size()), pointers.data());
    pack.Set(at::kVariantPackWorkspace, abi::type::kVoidPtr, 1, &space);
    pack.Finalize();
    const EntryPoints& cudnn = library_->entry_points();
    const std::lock_guard lock(mutex_);  // a handle has one stream at a time
    Check(plan, cudnn.set_stream(handle_->native(), queue.native()));
    Check(plan, cudnn.execute(handle_->native(), plan.native(), pack.native()));
  }

 private:
  void Check(const Plan& plan, abi::Status status) const {
    if (status == abi::kSuccess) return;
    const bool memory = status == abi::kHostAllocationFailed || status == abi::kDeviceAllocationFailed;
    throw Error(memory ? ErrorCode::kMemory : ErrorCode::kBackend,
                "cuDNN could not run the plan " + plan.engine() + ": " + Explain(*library_, status) + ".");
  }

  std::shared_ptr<const Library> library_;
  std::shared_ptr<const Handle> handle_;
  std::mutex mutex_;
};

}  // namespace

std::unique_ptr<PlanRunner> NewCudnnRunner(std::shared_ptr<const Handle> handle) {
  return std::make_unique<CudnnRunner>(std::move(handle));
}

}  // namespace slimnet::cudnn
