#include "backends/cudnn/elementwise.h"

namespace slimnet::cudnn {

constexpr OpEntry kMul{.prepare = PrepareBinary<Binary::kMul>};

}  // namespace slimnet::cudnn
