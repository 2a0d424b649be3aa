#include "backends/cudnn/update_step.h"

namespace slimnet::cudnn {
namespace {

std::unique_ptr<Kernel> PrepareApplyCenteredRmsProp(const OpContext& context) {
  const auto& a = std::get<ApplyCenteredRmsPropAttrs>(context.node.attrs);
  return PrepareUpdate(context, CenteredRmsPropRule{AsFloat32(a.decay), AsFloat32(a.momentum), AsFloat32(a.epsilon)});
}

}  // namespace

constexpr OpEntry kApplyCenteredRmsProp{.prepare = PrepareApplyCenteredRmsProp};

}  // namespace slimnet::cudnn
