#include "backends/cudnn/reduction.h"

namespace slimnet::cudnn {
namespace {

std::unique_ptr<Kernel> PrepareL2Loss(const OpContext& context) {
  return PrepareSum(context, Reduction(context.input(0).type.shape, Dims()), {.squares = true, .divisor = 2});
}

}  // namespace

constexpr OpEntry kL2Loss{.prepare = PrepareL2Loss};

}  // namespace slimnet::cudnn
