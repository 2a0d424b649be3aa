#include "backends/cudnn/elementwise.h"

namespace slimnet::cudnn {

constexpr OpEntry kSub{.prepare = PrepareBinary<Binary::kSub>};

}  // namespace slimnet::cudnn
