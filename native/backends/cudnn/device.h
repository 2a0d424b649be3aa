// What all ops of one backend object share.
#pragma once

#include <memory>
#include <mutex>
#include <optional>

#include "backend/backend.h"
#include "backends/cudnn/gpu/gpu.h"
#include "backends/cudnn/graph/plans.h"

namespace slimnet::cudnn {

// Where plans are measured: one at a time, since two would measure each other.
struct Measuring {
  std::mutex turn;
  std::unique_ptr<Queue> queue;  // made when first wanted
};

struct Device {
  std::shared_ptr<Gpu> gpu;
  std::shared_ptr<const Plans> plans;
  std::shared_ptr<PlanRunner> runner;
  PlanRules rules;
  // Engines that give other bits each time, where there is no other.
  bool otherwise_nondeterministic = false;
  bool records = true;                     // work of its queues, as CUDA graphs
  std::optional<double> autotune_seconds;  // none: the first plan that the rules allow
  std::shared_ptr<Measuring> measuring = std::make_shared<Measuring>();
};

// What the options of a session make of the parts.
void Obey(Device& parts, const GpuOptions& options);

// Those by which a graph that has any plan has one.
PlanRules WidestRules(const Device& device);

// The plan that the device's options choose for a graph. Error{kBackend} where there is none, Error{kMemory} where
// there is no room to try plans.
std::shared_ptr<const Plan> FindPlan(const Device& device, const Graph& graph);

// The node that an op's file prepares, and what it may use.
struct OpContext : NodeContext {
  const Device& device;
};

}  // namespace slimnet::cudnn
