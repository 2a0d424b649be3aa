#include "backends/cudnn/elementwise.h"

namespace slimnet::cudnn {

constexpr OpEntry kExp{.prepare = PrepareUnary<Unary::kExp>};

}  // namespace slimnet::cudnn
