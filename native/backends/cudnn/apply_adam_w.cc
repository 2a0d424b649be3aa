#include "backends/cudnn/update_step.h"

namespace slimnet::cudnn {
namespace {

std::unique_ptr<Kernel> PrepareApplyAdamW(const OpContext& context) {
  const auto& a = std::get<ApplyAdamWAttrs>(context.node.attrs);
  return PrepareUpdate(
      context, AdamRule{AsFloat32(a.beta1), AsFloat32(a.beta2), AsFloat32(a.epsilon), AsFloat32(a.weight_decay)});
}

}  // namespace

constexpr OpEntry kApplyAdamW{.prepare = PrepareApplyAdamW};

}  // namespace slimnet::cudnn
