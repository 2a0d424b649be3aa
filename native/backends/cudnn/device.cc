#include "backends/cudnn/device.h"

#include <utility>

#include "backends/cudnn/gpu/limited_gpu.h"
#include "backends/cudnn/measure.h"
#include "base/error.h"

namespace slimnet::cudnn {
namespace {

std::shared_ptr<const Plan> FindUnder(const Device& device, const Graph& graph, const PlanRules& rules) {
  if (!device.autotune_seconds) return device.plans->Build(graph, rules);
  return device.plans->Tune(graph, rules, AutotuneOn(device, *device.autotune_seconds));
}

}  // namespace

void Obey(Device& parts, const GpuOptions& options) {
  parts.rules.allow_tf32 = options.allow_tf32.value_or(parts.rules.allow_tf32);
  parts.rules.deterministic = options.deterministic.value_or(true);
  parts.otherwise_nondeterministic = !options.deterministic;
  parts.rules.workspace_bytes = options.workspace_bytes.value_or(parts.rules.workspace_bytes);
  parts.autotune_seconds = options.autotune_seconds;
  parts.records = options.graphs;
  if (options.memory_bytes) parts.gpu = LimitMemory(std::move(parts.gpu), *options.memory_bytes);
}

PlanRules WidestRules(const Device& device) {
  PlanRules rules = device.rules;
  if (device.otherwise_nondeterministic) rules.deterministic = false;
  return rules;
}

std::shared_ptr<const Plan> FindPlan(const Device& device, const Graph& graph) {
  if (!device.otherwise_nondeterministic) return FindUnder(device, graph, device.rules);
  try {
    return FindUnder(device, graph, device.rules);
  } catch (const Error& error) {
    if (error.code() != ErrorCode::kBackend) throw;
    try {
      return FindUnder(device, graph, WidestRules(device));
    } catch (const Error& none) {
      if (none.code() != ErrorCode::kBackend) throw;
    }
    throw error;  // determinism was not what stood in the way
  }
}

}  // namespace slimnet::cudnn
