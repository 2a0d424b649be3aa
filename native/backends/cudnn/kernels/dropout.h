// Dropout by the project's own generator (base/random.h): the same elements are dropped on every device.
#pragma once

#include "backends/cudnn/kernels/floats.h"

namespace slimnet::cudnn {

struct DropoutDraw {
  uint64_t seed = 0;
  uint64_t step = 0;
  int64_t first = 0;  // index of the first element in the whole batch
  double keep = 1;    // the probability
};

// y[i] = x[i] / keep where Uniform(seed, step, first + i) < keep, else 0.
void Dropout(Queue& queue, const DropoutDraw& draw, const Floats& x, const Floats& y, int64_t count);

}  // namespace slimnet::cudnn
