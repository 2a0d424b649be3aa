#include "backends/cudnn/norm_backward.h"
#include "backends/cudnn/own_tail.h"

namespace slimnet::cudnn {
namespace {

std::unique_ptr<Kernel> PrepareBatchNormTrainingBackward(const OpContext& context) {
  const auto& a = std::get<BatchNormTrainingBackwardAttrs>(context.node.attrs);
  return PrepareNormBackward(context, a.epsilon, a.bessel, std::nullopt,
                             {.scale = 1, .mean = 2, .variance = 3, .dy = 4});
}

}  // namespace

constexpr OpEntry kBatchNormTrainingBackward{
    .reads_low_precision = true, .fuses = FusesOwnTail, .prepare = PrepareBatchNormTrainingBackward};

}  // namespace slimnet::cudnn
