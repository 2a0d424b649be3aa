#include "backends/cudnn/compare.h"

namespace slimnet::cudnn {

constexpr OpEntry kEqual{.prepare = PrepareComparison<Comparison::kEqual>};

}  // namespace slimnet::cudnn
