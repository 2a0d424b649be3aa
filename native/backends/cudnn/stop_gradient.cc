#include "backends/cudnn/reshape.h"

namespace slimnet::cudnn {

constexpr OpEntry kStopGradient = kSameBytes;

}  // namespace slimnet::cudnn
