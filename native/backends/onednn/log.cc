#include <cmath>

#include "backends/onednn/unary.h"

namespace slimnet::onednn {

constexpr OpEntry kLog{
    .prepare = [](const OpContext& context) { return UnaryKernel(context, [](float x) { return std::log(x); }); }};

}  // namespace slimnet::onednn
