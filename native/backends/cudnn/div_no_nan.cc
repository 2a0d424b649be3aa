#include "backends/cudnn/elementwise.h"

namespace slimnet::cudnn {

constexpr OpEntry kDivNoNan{.prepare = PrepareBinary<Binary::kDivNoNan>};

}  // namespace slimnet::cudnn
