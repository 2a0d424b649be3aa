#include "backends/cudnn/elementwise.h"

namespace slimnet::cudnn {

constexpr OpEntry kRelu{.reads_low_precision = true, .prepare = PrepareUnary<Unary::kRelu>};

}  // namespace slimnet::cudnn
