#include "backends/cpu/kernels.h"
#include "backends/cpu/stretched_axes.h"
#include "backends/onednn/reduction_kernel.h"

namespace slimnet::onednn {
namespace {

std::unique_ptr<Kernel> PrepareSumTo(const OpContext& context) {
  const Shape& x = context.input(0).type.shape;
  const std::vector<int64_t> axes = cpu::StretchedAxes(context.output(0).type.shape, x);
  if (axes.empty()) return cpu::PrepareCopy(context);
  return ReductionKernel(DescribeReduction(x, axes), false, 1);
}

}  // namespace

constexpr OpEntry kSumTo{.prepare = PrepareSumTo};

}  // namespace slimnet::onednn
