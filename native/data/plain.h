// Augmentation within bounds of the user's own, for every preprocessing: crop, flip, colour.
#pragma once

#include "data/preprocessing.h"

namespace slimnet {

// Where a preprocessing resizes before it crops: a random side and a crop of the network's size. Where it crops first:
// a crop of a random area and aspect; after ten attempts that do not fit, the largest centred one whose aspect is
// allowed. No function is used that machines round differently. Throws Error{kImage} for pictures that are too small.
Augmentation DrawPlain(const Preprocessing& preprocessing, const ImageSize& size, const PreprocessingSpec& spec,
                       const DrawOptions& options, RandomStream& random);

}  // namespace slimnet
