// Pooling, and the ways back from it. Padding is left out: of means as well.
#pragma once

#include "backends/cudnn/kernels/floats.h"
#include "backends/cudnn/kernels/window.h"

namespace slimnet::cudnn {

// A NaN in a window wins.
void MaxPool(Queue& queue, const PixelWindow& window, const Floats& x, const Floats& y);
void AvgPool(Queue& queue, const PixelWindow& window, const Floats& x, const Floats& y);

// dx gets each dy where the first of its window's largest values, or of its NaNs, lies.
size_t MaxPoolBackwardScratchBytes(const PixelWindow& window);
void MaxPoolBackward(Queue& queue, const PixelWindow& window, const Floats& x, const Floats& dy, const Floats& dx,
                     DevicePtr scratch);
void AvgPoolBackward(Queue& queue, const PixelWindow& window, const Floats& dy, const Floats& dx);

}  // namespace slimnet::cudnn
