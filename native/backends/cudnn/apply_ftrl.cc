#include "backends/cudnn/update_step.h"

namespace slimnet::cudnn {
namespace {

std::unique_ptr<Kernel> PrepareApplyFtrl(const OpContext& context) {
  const auto& a = std::get<ApplyFtrlAttrs>(context.node.attrs);
  return PrepareUpdate(
      context, FtrlRule{AsFloat32(a.learning_rate_power), AsFloat32(a.l1), AsFloat32(a.l2), AsFloat32(a.l2_shrinkage)});
}

}  // namespace

constexpr OpEntry kApplyFtrl{.prepare = PrepareApplyFtrl};

}  // namespace slimnet::cudnn
