#include "backends/cudnn/graph/ports.h"

#include <algorithm>
#include <string>

#include "base/error.h"

namespace slimnet::cudnn {
namespace {

[[noreturn]] void Refuse(const Plan& plan, const std::string& what) {
  throw Error(ErrorCode::kInternal, "A run of the plan " + plan.engine() + " " + what + ".");
}

}  // namespace

void CheckPorts(const Plan& plan, std::span<const Port> ports, DevicePtr workspace) {
  for (const PlanPort& wanted : plan.ports()) {
    const std::string tensor = "tensor " + std::to_string(wanted.id);
    const auto is_it = [&](const Port& port) { return port.id == wanted.id; };
    const auto found = std::ranges::find_if(ports, is_it);
    if (found == ports.end()) Refuse(plan, "has no pointer for " + tensor);
    if (std::find_if(found + 1, ports.end(), is_it) != ports.end()) Refuse(plan, "has two pointers for " + tensor);
    if (wanted.by_value != (found->by_value != nullptr) || wanted.by_value == static_cast<bool>(found->device)) {
      Refuse(plan, "needs a pointer of the " + std::string(wanted.by_value ? "host" : "device") +
                       ", and nothing else, for " + tensor);
    }
    if (!wanted.by_value && found->device.address() % wanted.alignment != 0) {
      Refuse(plan, "has an address for " + tensor + " that is not a multiple of " + std::to_string(wanted.alignment));
    }
  }
  if (ports.size() > plan.ports().size()) {
    const auto extra = std::ranges::find_if(ports, [&](const Port& port) {
      return std::ranges::none_of(plan.ports(), [&](const PlanPort& wanted) { return wanted.id == port.id; });
    });
    Refuse(plan, "has a pointer for tensor " + std::to_string(extra->id) + ", which the plan does not read or write");
  }
  if (plan.workspace_bytes() == 0) return;
  if (!workspace) Refuse(plan, "has no workspace, and needs " + std::to_string(plan.workspace_bytes()) + " bytes");
  if (workspace.address() % kWorkspaceAlignment != 0) {
    Refuse(plan, "has a workspace whose address is not a multiple of " + std::to_string(kWorkspaceAlignment));
  }
}

}  // namespace slimnet::cudnn
