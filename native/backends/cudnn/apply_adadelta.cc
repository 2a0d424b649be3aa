#include "backends/cudnn/update_step.h"

namespace slimnet::cudnn {
namespace {

std::unique_ptr<Kernel> PrepareApplyAdadelta(const OpContext& context) {
  const auto& a = std::get<ApplyAdadeltaAttrs>(context.node.attrs);
  return PrepareUpdate(context, AdadeltaRule{AsFloat32(a.rho), AsFloat32(a.epsilon)});
}

}  // namespace

constexpr OpEntry kApplyAdadelta{.prepare = PrepareApplyAdadelta};

}  // namespace slimnet::cudnn
