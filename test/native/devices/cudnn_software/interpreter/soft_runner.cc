#include "native/devices/cudnn_software/interpreter/soft_runner.h"

#include <algorithm>
#include <cstring>
#include <mutex>
#include <unordered_map>
#include <utility>
#include <vector>

#include "backends/cudnn/graph/plan.h"
#include "backends/cudnn/graph/ports.h"
#include "base/error.h"
#include "native/devices/cudnn_software/interpreter/soft_run.h"

namespace slimnet::testing {
namespace {

using cudnn::Plan;
using cudnn::Port;
using cudnn::Queue;

// The graph of a plan, ready to be computed.
class SoftPlan {
 public:
  explicit SoftPlan(const Plan& plan) : graph_(ReadSoftGraph(plan.Json())) {
    // The plan speaks of the tensors of its JSON, or one of the two is another graph's.
    size_t ports = 0;
    for (const auto& [id, tensor] : graph_.tensors) ports += tensor.is_virtual ? 0 : 1;
    if (ports != plan.ports().size()) {
      throw Error(ErrorCode::kInternal, "A plan has " + std::to_string(plan.ports().size()) + " ports, and " +
                                            std::to_string(ports) + " in its own JSON.");
    }
    for (const cudnn::PlanPort& port : plan.ports()) {
      if (port.written) written_.push_back(port.id);
    }
  }

  void Compute(const std::vector<std::pair<int64_t, std::byte*>>& stored,
               const std::vector<std::pair<int64_t, std::vector<std::byte>>>& by_value) const {
    SoftRun run(graph_);
    const auto is_written = [&](int64_t id) { return std::ranges::find(written_, id) != written_.end(); };
    for (const auto& [id, memory] : stored) {
      if (!is_written(id)) run.Set(id, Read(graph_.tensors.at(id), memory));
    }
    for (const auto& [id, bytes] : by_value) run.Set(id, Read(graph_.tensors.at(id), bytes.data()));
    for (const SoftNode& node : graph_.nodes) run.Do(node);
    // Only now: an output may lie where an input lay.
    for (const auto& [id, memory] : stored) {
      if (is_written(id)) Write(graph_.tensors.at(id), run.Get(id), memory);
    }
  }

 private:
  SoftGraph graph_;
  std::vector<int64_t> written_;
};

class SoftRunner final : public cudnn::PlanRunner {
 public:
  void Run(const Plan& plan, std::span<const Port> ports, DevicePtr workspace, Queue& queue) override {
    CheckPorts(plan, ports, workspace);
    std::vector<std::pair<int64_t, std::byte*>> stored;
    std::vector<std::pair<int64_t, std::vector<std::byte>>> by_value;
    for (const Port& port : ports) {
      if (port.by_value == nullptr) {
        stored.emplace_back(port.id, queue.Address(port.device));
        continue;
      }
      const auto is_it = [&](const cudnn::PlanPort& known) { return known.id == port.id; };
      const auto* const from = static_cast<const std::byte*>(port.by_value);
      by_value.emplace_back(port.id, std::vector(from, from + std::ranges::find_if(plan.ports(), is_it)->bytes));
    }
    queue.Do([soft = Of(plan), stored = std::move(stored), by_value = std::move(by_value),
              space = workspace ? queue.Address(workspace) : nullptr, bytes = plan.workspace_bytes()] {
      if (space != nullptr) std::memset(space, 0xff, bytes);
      soft->Compute(stored, by_value);
    });
  }

 private:
  // Read once for each plan, and as long as there is one.
  std::shared_ptr<const SoftPlan> Of(const Plan& plan) {
    const std::lock_guard lock(mutex_);
    std::erase_if(known_, [](const auto& entry) { return entry.second.first.expired(); });
    auto& [owner, soft] = known_[&plan];
    if (!soft) {
      owner = plan.weak_from_this();
      soft = std::make_shared<const SoftPlan>(plan);
    }
    return soft;
  }

  std::mutex mutex_;
  std::unordered_map<const Plan*, std::pair<std::weak_ptr<const Plan>, std::shared_ptr<const SoftPlan>>> known_;
};

}  // namespace

std::unique_ptr<cudnn::PlanRunner> NewSoftRunner() { return std::make_unique<SoftRunner>(); }

}  // namespace slimnet::testing
