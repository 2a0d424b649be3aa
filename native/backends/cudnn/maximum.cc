#include "backends/cudnn/elementwise.h"

namespace slimnet::cudnn {

constexpr OpEntry kMaximum{.prepare = PrepareBinary<Binary::kMaximum>};

}  // namespace slimnet::cudnn
