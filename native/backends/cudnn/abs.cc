#include "backends/cudnn/elementwise.h"

namespace slimnet::cudnn {

constexpr OpEntry kAbs{.prepare = PrepareUnary<Unary::kAbs>};

}  // namespace slimnet::cudnn
