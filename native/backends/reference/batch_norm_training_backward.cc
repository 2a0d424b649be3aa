#include "backends/reference/norm_backward.h"
#include "backends/reference/ops.h"
#include "backends/reference/post_ops.h"

namespace slimnet::reference {

constexpr OpEntry kBatchNormTrainingBackward{.fuses = FusesWithinOneResult, .prepare = [](const NodeContext& node) {
                                               const auto& attrs =
                                                   std::get<BatchNormTrainingBackwardAttrs>(node.node.attrs);
                                               return PrepareNormBackward(node, {.epsilon = attrs.epsilon,
                                                                                 .bessel = attrs.bessel,
                                                                                 .limit = std::nullopt,
                                                                                 .scale = 1,
                                                                                 .mean = 2,
                                                                                 .variance = 3,
                                                                                 .dy = 4});
                                             }};

}  // namespace slimnet::reference
