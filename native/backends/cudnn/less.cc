#include "backends/cudnn/compare.h"

namespace slimnet::cudnn {

constexpr OpEntry kLess{.floats = kNumbers, .prepare = PrepareComparison<Comparison::kLess>};

}  // namespace slimnet::cudnn
