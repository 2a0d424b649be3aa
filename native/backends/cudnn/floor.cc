#include "backends/cudnn/elementwise.h"

namespace slimnet::cudnn {

constexpr OpEntry kFloor{.prepare = PrepareUnary<Unary::kFloor>};

}  // namespace slimnet::cudnn
