#include "backends/cudnn/elementwise.h"

namespace slimnet::cudnn {

constexpr OpEntry kRelu6{.reads_low_precision = true, .prepare = PrepareUnary<Unary::kRelu6>};

}  // namespace slimnet::cudnn
