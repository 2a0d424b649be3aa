#include "backends/onednn/reduction_kernel.h"

namespace slimnet::onednn {

constexpr OpEntry kReduceSum{.prepare = [](const OpContext& context) {
  const auto& attrs = std::get<ReduceSumAttrs>(context.node.attrs);
  return ReductionKernel(DescribeReduction(context.input(0).type.shape, attrs.axes), false, 1.0);
}};

}  // namespace slimnet::onednn
