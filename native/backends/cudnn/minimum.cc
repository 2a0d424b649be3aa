#include "backends/cudnn/elementwise.h"

namespace slimnet::cudnn {

constexpr OpEntry kMinimum{.prepare = PrepareBinary<Binary::kMinimum>};

}  // namespace slimnet::cudnn
