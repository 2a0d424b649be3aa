#include "backends/cudnn/elementwise.h"

namespace slimnet::cudnn {

constexpr OpEntry kElu{.prepare = PrepareUnary<Unary::kElu>};

}  // namespace slimnet::cudnn
