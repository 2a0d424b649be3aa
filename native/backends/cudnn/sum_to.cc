#include "backends/cudnn/reduction.h"

namespace slimnet::cudnn {
namespace {

std::unique_ptr<Kernel> PrepareSumTo(const OpContext& context) {
  return PrepareSum(context, Reduction::To(context.input(0).type.shape, context.output(0).type.shape), {});
}

}  // namespace

constexpr OpEntry kSumTo{.prepare = PrepareSumTo};

}  // namespace slimnet::cudnn
