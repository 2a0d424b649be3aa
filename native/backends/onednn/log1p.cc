#include <cmath>

#include "backends/onednn/unary.h"

namespace slimnet::onednn {

constexpr OpEntry kLog1p{
    .prepare = [](const OpContext& context) { return UnaryKernel(context, [](float x) { return std::log1p(x); }); }};

}  // namespace slimnet::onednn
