#include "backends/reference/norm_backward.h"
#include "backends/reference/ops.h"
#include "backends/reference/post_ops.h"

namespace slimnet::reference {

constexpr OpEntry kBatchNormTrainingReluBackward{.fuses = FusesWithinOneResult, .prepare = [](const NodeContext& node) {
                                                   const auto& attrs =
                                                       std::get<BatchNormTrainingReluBackwardAttrs>(node.node.attrs);
                                                   return PrepareNormBackward(node, {.epsilon = attrs.epsilon,
                                                                                     .bessel = attrs.bessel,
                                                                                     .limit = attrs.limit,
                                                                                     .scale = 1,
                                                                                     .mean = 3,
                                                                                     .variance = 4,
                                                                                     .dy = 5,
                                                                                     .offset = 2});
                                                 }};

}  // namespace slimnet::reference
