// The way back from a rectifier and the normalisation in front of it.
#include <cmath>
#include <limits>

#include "backends/cpu/encoded.h"
#include "backends/onednn/norm_backward.h"
#include "backends/onednn/norm_tail.h"
#include "backends/onednn/ops.h"

namespace slimnet::onednn {

constexpr OpEntry kBatchNormTrainingReluBackward{
    .reads_low_precision = true,
    .supports = cpu::NoIntegers,
    .fuses = FusesSum,
    .prepare = [](const OpContext& context) {
      const auto& attrs = std::get<BatchNormTrainingReluBackwardAttrs>(context.node.attrs);
      const float limit =
          std::isfinite(attrs.limit) ? static_cast<float>(attrs.limit) : std::numeric_limits<float>::quiet_NaN();
      return PrepareNormBackward(context, {.epsilon = attrs.epsilon,
                                           .bessel = attrs.bessel,
                                           .mask = {true, limit},
                                           .scale = 1,
                                           .mean = 3,
                                           .variance = 4,
                                           .dy = 5,
                                           .offset = 2});
    }};

}  // namespace slimnet::onednn
