#include "backends/cudnn/elementwise.h"

namespace slimnet::cudnn {

constexpr OpEntry kPow{.prepare = PrepareBinary<Binary::kPow>};

}  // namespace slimnet::cudnn
