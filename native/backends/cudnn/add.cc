#include "backends/cudnn/elementwise.h"
#include "backends/cudnn/own_tail.h"

namespace slimnet::cudnn {

constexpr OpEntry kAdd{.reads_low_precision = true, .fuses = FusesOwnTail, .prepare = PrepareBinary<Binary::kAdd>};

}  // namespace slimnet::cudnn
