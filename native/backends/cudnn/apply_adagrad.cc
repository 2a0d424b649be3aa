#include "backends/cudnn/update_step.h"

namespace slimnet::cudnn {
namespace {

std::unique_ptr<Kernel> PrepareApplyAdagrad(const OpContext& context) { return PrepareUpdate(context, AdagradRule{}); }

}  // namespace

constexpr OpEntry kApplyAdagrad{.prepare = PrepareApplyAdagrad};

}  // namespace slimnet::cudnn
