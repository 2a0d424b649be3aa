#include "backends/cudnn/compare.h"

namespace slimnet::cudnn {

constexpr OpEntry kNotEqual{.prepare = PrepareComparison<Comparison::kNotEqual>};

}  // namespace slimnet::cudnn
