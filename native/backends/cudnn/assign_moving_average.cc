#include "backends/cudnn/update_step.h"

namespace slimnet::cudnn {
namespace {

std::unique_ptr<Kernel> PrepareAssignMovingAverage(const OpContext& context) {
  const auto& a = std::get<AssignMovingAverageAttrs>(context.node.attrs);
  return PrepareUpdate(context, MovingAverageRule{1 - a.decay});
}

}  // namespace

constexpr OpEntry kAssignMovingAverage{.prepare = PrepareAssignMovingAverage};

}  // namespace slimnet::cudnn
