// Resizing as Pillow does it.
#pragma once

#include "data/resize.h"

namespace slimnet {

// All but nearest: each output pixel is a weighted mean of the input around it, wider where a picture shrinks.
void PillowFiltered(const ImageView& image, const Resampling& r, float* out);
void PillowNearest(const ImageView& image, const Resampling& r, float* out);

}  // namespace slimnet
