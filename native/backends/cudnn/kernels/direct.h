// Gradients of convolutions as their definition has them, for what cuDNN has no engine for: right, and slow. Sums in
// double.
#pragma once

#include "backends/cudnn/kernels/floats.h"
#include "backends/cudnn/kernels/window.h"

namespace slimnet::cudnn {

// `window.channels`: of the input. Filters are HWIO, as plans have them.
struct Convolution {
  PixelWindow window;
  int64_t filters = 0;
};

void DirectBackwardData(Queue& queue, const Convolution& convolution, const Floats& filter, const Floats& dy,
                        const Floats& dx);
void DirectBackwardFilter(Queue& queue, const Convolution& convolution, const Floats& x, const Floats& dy,
                          const Floats& dfilter);

}  // namespace slimnet::cudnn
