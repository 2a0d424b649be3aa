#include "backends/cudnn/update_step.h"

namespace slimnet::cudnn {
namespace {

std::unique_ptr<Kernel> PrepareApplyGradientDescent(const OpContext& context) {
  return PrepareUpdate(context, GradientDescentRule{});
}

}  // namespace

constexpr OpEntry kApplyGradientDescent{.prepare = PrepareApplyGradientDescent};

}  // namespace slimnet::cudnn
