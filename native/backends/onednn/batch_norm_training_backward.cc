// The way back from a normalisation with the statistics of the batch itself.
#include "backends/cpu/encoded.h"
#include "backends/onednn/norm_backward.h"
#include "backends/onednn/norm_tail.h"
#include "backends/onednn/ops.h"

namespace slimnet::onednn {

constexpr OpEntry kBatchNormTrainingBackward{.reads_low_precision = true,
                                             .supports = cpu::NoIntegers,
                                             .fuses = FusesSum,
                                             .prepare = [](const OpContext& context) {
                                               const auto& attrs =
                                                   std::get<BatchNormTrainingBackwardAttrs>(context.node.attrs);
                                               return PrepareNormBackward(context, {.epsilon = attrs.epsilon,
                                                                                    .bessel = attrs.bessel,
                                                                                    .mask = {},
                                                                                    .scale = 1,
                                                                                    .mean = 2,
                                                                                    .variance = 3,
                                                                                    .dy = 4,
                                                                                    .offset = 2});
                                             }};

}  // namespace slimnet::onednn
