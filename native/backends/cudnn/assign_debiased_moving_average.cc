#include "backends/cudnn/update_step.h"

namespace slimnet::cudnn {
namespace {

std::unique_ptr<Kernel> PrepareAssignDebiasedMovingAverage(const OpContext& context) {
  const DebiasedMovingAverageRule rule{std::get<AssignDebiasedMovingAverageAttrs>(context.node.attrs).decay};
  const int64_t count = ElementCount(context.output(0).type.shape);
  return KernelOf("own", [=](Queue& queue, const Bindings& b) {
    const Update update = UpdateAt<DebiasedMovingAverageRule>(b, count);
    Apply(queue, rule, std::span(&update, 1));
    // Behind it: the new count may lie where the old one is read.
    CountOne(queue, b.inputs[2], b.outputs[2]);
  });
}

}  // namespace

constexpr OpEntry kAssignDebiasedMovingAverage{.prepare = PrepareAssignDebiasedMovingAverage};

}  // namespace slimnet::cudnn
