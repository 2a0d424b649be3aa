#include "backends/cudnn/elementwise.h"

namespace slimnet::cudnn {

constexpr OpEntry kSqrt{.prepare = PrepareUnary<Unary::kSqrt>};

}  // namespace slimnet::cudnn
