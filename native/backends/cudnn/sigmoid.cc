#include "backends/cudnn/elementwise.h"

namespace slimnet::cudnn {

constexpr OpEntry kSigmoid{.prepare = PrepareUnary<Unary::kSigmoid>};

}  // namespace slimnet::cudnn
