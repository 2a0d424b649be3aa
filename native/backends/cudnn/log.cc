#include "backends/cudnn/elementwise.h"

namespace slimnet::cudnn {

constexpr OpEntry kLog{.prepare = PrepareUnary<Unary::kLog>};

}  // namespace slimnet::cudnn
