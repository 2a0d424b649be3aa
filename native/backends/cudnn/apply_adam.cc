#include "backends/cudnn/update_step.h"

namespace slimnet::cudnn {
namespace {

std::unique_ptr<Kernel> PrepareApplyAdam(const OpContext& context) {
  const auto& a = std::get<ApplyAdamAttrs>(context.node.attrs);
  return PrepareUpdate(context, AdamRule{AsFloat32(a.beta1), AsFloat32(a.beta2), AsFloat32(a.epsilon), 0});
}

}  // namespace

constexpr OpEntry kApplyAdam{.prepare = PrepareApplyAdam};

}  // namespace slimnet::cudnn
