// Places in a block of memory.
#pragma once

#include <cstddef>

namespace slimnet::cudnn {

// Bytes up to the next place that suits every tensor.
constexpr size_t AlignedBytes(size_t bytes) { return (bytes + 255) / 256 * 256; }

}  // namespace slimnet::cudnn
