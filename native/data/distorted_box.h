// TensorFlow's sample_distorted_bounding_box, with the bounds that inception preprocessing asks for.
#pragma once

#include <vector>

#include "data/image.h"
#include "data/preprocessing.h"
#include "data/random_stream.h"

namespace slimnet {

// A part of the picture: width / height of 0.75 to 1.33, 5 to 100 % of the area, and at least a tenth of one of the
// `objects` (of the picture itself where there are none). The whole picture when 100 attempts fail.
Box DrawDistortedBox(const ImageSize& size, const std::vector<RelativeBox>& objects, RandomStream& random);

}  // namespace slimnet
