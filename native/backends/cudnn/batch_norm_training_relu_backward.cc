#include "backends/cudnn/norm_backward.h"
#include "backends/cudnn/own_tail.h"

namespace slimnet::cudnn {
namespace {

std::unique_ptr<Kernel> PrepareBatchNormTrainingReluBackward(const OpContext& context) {
  const auto& a = std::get<BatchNormTrainingReluBackwardAttrs>(context.node.attrs);
  return PrepareNormBackward(context, a.epsilon, a.bessel, a.limit,
                             {.scale = 1, .mean = 3, .variance = 4, .dy = 5, .offset = 2});
}

}  // namespace

constexpr OpEntry kBatchNormTrainingReluBackward{
    .reads_low_precision = true, .fuses = FusesOwnTail, .prepare = PrepareBatchNormTrainingReluBackward};

}  // namespace slimnet::cudnn
