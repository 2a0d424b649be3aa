#include "backends/cudnn/reduction.h"

namespace slimnet::cudnn {
namespace {

std::unique_ptr<Kernel> PrepareReduceSum(const OpContext& context) {
  return PrepareSum(context, Reduction(context.input(0).type.shape, std::get<ReduceSumAttrs>(context.node.attrs).axes),
                    {});
}

}  // namespace

constexpr OpEntry kReduceSum{.prepare = PrepareReduceSum};

}  // namespace slimnet::cudnn
