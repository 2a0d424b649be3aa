#include "backends/cudnn/elementwise.h"

namespace slimnet::cudnn {

constexpr OpEntry kDiv{.prepare = PrepareBinary<Binary::kDiv>};

}  // namespace slimnet::cudnn
