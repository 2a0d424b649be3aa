#include <cmath>
#include <limits>

#include "backends/cudnn/elementwise.h"

namespace slimnet::cudnn {
namespace {

std::unique_ptr<Kernel> PrepareReluBackward(const OpContext& context) {
  const double limit = std::get<ReluBackwardAttrs>(context.node.attrs).limit;
  // No number is above or equal to NaN: there is no limit then.
  return PrepareBinary(context, Binary::kReluBackward,
                       std::isfinite(limit) ? static_cast<float>(limit) : std::numeric_limits<float>::quiet_NaN());
}

}  // namespace

constexpr OpEntry kReluBackward{.reads_low_precision = true, .prepare = PrepareReluBackward};

}  // namespace slimnet::cudnn
