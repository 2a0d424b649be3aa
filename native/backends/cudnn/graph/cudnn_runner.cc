#include "backends/cudnn/graph/cudnn_runner.h"

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
  explicit CudnnRunner(std::shared_ptr<const Library> library) : library_(std::move(library)) {}

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
    void* const stream = queue.native();  // its device is the current one from here on
    Check(plan, cudnn.execute(HandleOf(plan, queue, stream), plan.native(), pack.native()));
  }

 private:
  // One for each queue: one that changed between them would make them wait for each other, which a queue that is being
  // recorded must not. A queue is used by one thread at a time, and so is its handle, which lives as long as it does.
  struct HandleOfQueue final : Companion {
    std::shared_ptr<const Handle> handle;
  };

  void* HandleOf(const Plan& plan, Queue& queue, void* stream) const {
    auto* known = dynamic_cast<HandleOfQueue*>(queue.companion().get());
    if (known == nullptr || known->handle->library() != library_) {
      auto made = std::make_unique<HandleOfQueue>();
      made->handle = Handle::Create(library_);
      Check(plan, library_->entry_points().set_stream(made->handle->native(), stream));
      known = made.get();
      queue.companion() = std::move(made);
    }
    return known->handle->native();
  }

  void Check(const Plan& plan, abi::Status status) const {
    if (status == abi::kSuccess) return;
    const bool memory = status == abi::kHostAllocationFailed || status == abi::kDeviceAllocationFailed;
    throw Error(memory ? ErrorCode::kMemory : ErrorCode::kBackend,
                "cuDNN could not run the plan " + plan.engine() + ": " + Explain(*library_, status) + ".");
  }

  std::shared_ptr<const Library> library_;
};

}  // namespace

std::unique_ptr<PlanRunner> NewCudnnRunner(std::shared_ptr<const Library> library) {
  return std::make_unique<CudnnRunner>(std::move(library));
}

}  // namespace slimnet::cudnn
