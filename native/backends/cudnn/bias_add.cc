#include "backends/cudnn/elementwise.h"

namespace slimnet::cudnn {

// A bias [C] stretches over [..., C] as any other operand does.
constexpr OpEntry kBiasAdd{.reads_low_precision = true, .prepare = PrepareBinary<Binary::kAdd>};

}  // namespace slimnet::cudnn
