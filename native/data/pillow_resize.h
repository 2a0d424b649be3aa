// Resizing as Pillow does it.
#pragma once

#include "data/resize.h"

namespace slimnet {

void PillowBilinear(const ImageView& image, const Resampling& r, float* out);
void PillowNearest(const ImageView& image, const Resampling& r, float* out);

}  // namespace slimnet
