// The preprocessings, one file each.
#pragma once

#include "data/preprocessing.h"

namespace slimnet {

extern const Preprocessing kVgg;
extern const Preprocessing kInception;
extern const Preprocessing kTorchvision;
extern const Preprocessing kCaffe;

}  // namespace slimnet
