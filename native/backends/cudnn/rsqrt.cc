#include "backends/cudnn/elementwise.h"

namespace slimnet::cudnn {

constexpr OpEntry kRsqrt{.prepare = PrepareUnary<Unary::kRsqrt>};

}  // namespace slimnet::cudnn
