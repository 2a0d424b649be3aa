// Steps that make new values of float32 variables, many variables at a time.
#pragma once

#include <span>

#include "backends/cudnn/kernels/update_rules.h"

namespace slimnet::cudnn {

// One variable, with its slots: the variable first. `fresh` may be `old`.
struct Update {
  int64_t count = 0;
  DevicePtr old[kMostState] = {};
  DevicePtr fresh[kMostState] = {};
  DevicePtr scalars[kMostScalars] = {};
  DevicePtr gradient;
};

// One launch for all of them, or for some tens. Scalars must not be changed by the same call.
#define SLIMNET_CUDNN_RULES(X) \
  X(GradientDescentRule)       \
  X(MomentumRule)              \
  X(LarsRule)                  \
  X(AdamRule)                  \
  X(RmsPropRule)               \
  X(CenteredRmsPropRule)       \
  X(AdagradRule)               \
  X(AdadeltaRule)              \
  X(FtrlRule)                  \
  X(AssignAddRule)             \
  X(MovingAverageRule)         \
  X(DebiasedMovingAverageRule)

#define SLIMNET_DECLARE(Rule) void Apply(Queue& queue, const Rule& rule, std::span<const Update> updates);
SLIMNET_CUDNN_RULES(SLIMNET_DECLARE)
#undef SLIMNET_DECLARE

// LARS of one variable: `rule.squares` is set by the call.
size_t LarsScratchBytes(int64_t count);
void ApplyLars(Queue& queue, LarsRule rule, const Update& update, DevicePtr scratch);

// y = x + 1: a float32 number, which may be the same.
void CountOne(Queue& queue, DevicePtr x, DevicePtr y);

}  // namespace slimnet::cudnn
