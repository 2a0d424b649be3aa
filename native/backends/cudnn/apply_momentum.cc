#include "backends/cudnn/update_step.h"

namespace slimnet::cudnn {
namespace {

std::unique_ptr<Kernel> PrepareApplyMomentum(const OpContext& context) {
  const auto& a = std::get<ApplyMomentumAttrs>(context.node.attrs);
  return PrepareUpdate(context, MomentumRule{AsFloat32(a.momentum), a.use_nesterov});
}

}  // namespace

constexpr OpEntry kApplyMomentum{.prepare = PrepareApplyMomentum};

}  // namespace slimnet::cudnn
