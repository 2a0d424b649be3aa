#include "backends/cudnn/reshape.h"

namespace slimnet::cudnn {

constexpr OpEntry kScaleGradient = kSameBytes;

}  // namespace slimnet::cudnn
