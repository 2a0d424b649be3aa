#include <cmath>

#include "backends/onednn/unary.h"

namespace slimnet::onednn {

constexpr OpEntry kAbs{
    .prepare = [](const OpContext& context) { return UnaryKernel(context, [](float x) { return std::fabs(x); }); }};

}  // namespace slimnet::onednn
