// Ops along the rows of a matrix.
#pragma once

#include "backends/cudnn/kernels/floats.h"

namespace slimnet::cudnn {

// Rows of `length` elements, one behind the other.
struct Rows {
  int64_t count;
  int64_t length;
};

// Softmax of each row, or its logarithm. A NaN or +infinity in a row makes the whole row NaN.
void Softmax(Queue& queue, Rows rows, bool logarithm, const Floats& x, const Floats& y);

}  // namespace slimnet::cudnn
