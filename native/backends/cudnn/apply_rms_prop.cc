#include "backends/cudnn/update_step.h"

namespace slimnet::cudnn {
namespace {

std::unique_ptr<Kernel> PrepareApplyRmsProp(const OpContext& context) {
  const auto& a = std::get<ApplyRmsPropAttrs>(context.node.attrs);
  return PrepareUpdate(context, RmsPropRule{AsFloat32(a.decay), AsFloat32(a.momentum), AsFloat32(a.epsilon)});
}

}  // namespace

constexpr OpEntry kApplyRmsProp{.prepare = PrepareApplyRmsProp};

}  // namespace slimnet::cudnn
