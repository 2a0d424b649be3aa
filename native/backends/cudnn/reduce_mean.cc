#include "backends/cudnn/reduction.h"

namespace slimnet::cudnn {
namespace {

std::unique_ptr<Kernel> PrepareReduceMean(const OpContext& context) {
  const Reduction reduction(context.input(0).type.shape, std::get<ReduceMeanAttrs>(context.node.attrs).axes);
  // The mean of nothing is NaN, as in TensorFlow.
  return PrepareSum(context, reduction, {.divisor = static_cast<double>(reduction.terms())});
}

}  // namespace

constexpr OpEntry kReduceMean{.reads_low_precision = true, .prepare = PrepareReduceMean};

}  // namespace slimnet::cudnn
