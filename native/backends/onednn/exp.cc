#include <cmath>

#include "backends/onednn/unary.h"

namespace slimnet::onednn {

constexpr OpEntry kExp{
    .prepare = [](const OpContext& context) { return UnaryKernel(context, [](float x) { return std::exp(x); }); }};

}  // namespace slimnet::onednn
