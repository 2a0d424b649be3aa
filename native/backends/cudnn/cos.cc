#include "backends/cudnn/elementwise.h"

namespace slimnet::cudnn {

constexpr OpEntry kCos{.prepare = PrepareUnary<Unary::kCos>};

}  // namespace slimnet::cudnn
