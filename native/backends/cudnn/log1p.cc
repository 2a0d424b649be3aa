#include "backends/cudnn/elementwise.h"

namespace slimnet::cudnn {

constexpr OpEntry kLog1p{.prepare = PrepareUnary<Unary::kLog1p>};

}  // namespace slimnet::cudnn
