#include "backends/onednn/reduction_kernel.h"

namespace slimnet::onednn {

// The mean of no values is NaN: 1 / 0 is infinite, and the sum 0.
std::unique_ptr<Kernel> PrepareReduceMean(const OpContext& context) {
  const auto& attrs = std::get<ReduceMeanAttrs>(context.node.attrs);
  const Reduction reduction = DescribeReduction(context.input(0).type.shape, attrs.axes);
  return ReductionKernel(reduction, false, 1.0 / static_cast<double>(reduction.terms()));
}

}  // namespace slimnet::onednn
