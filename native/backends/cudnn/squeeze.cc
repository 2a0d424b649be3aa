#include "backends/cudnn/reshape.h"

namespace slimnet::cudnn {

constexpr OpEntry kSqueeze = kSameBytes;

}  // namespace slimnet::cudnn
