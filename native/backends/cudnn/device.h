// What all ops of one backend object share.
#pragma once

#include <memory>

#include "backend/backend.h"
#include "backends/cudnn/gpu/gpu.h"
#include "backends/cudnn/graph/plans.h"

namespace slimnet::cudnn {

struct Device {
  std::shared_ptr<Gpu> gpu;
  std::shared_ptr<const Plans> plans;
  std::shared_ptr<PlanRunner> runner;
  PlanRules rules;
};

// The node that an op's file prepares, and what it may use.
struct OpContext : NodeContext {
  const Device& device;
};

}  // namespace slimnet::cudnn
