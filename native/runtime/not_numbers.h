// Finds what integers cannot hold.
#pragma once

#include <cstddef>

#include "backend/backend.h"

namespace slimnet {

// Whether any of `count` float32 numbers is NaN. Many are looked at on the pool's threads.
bool AnyNan(ParallelFor& pool, const float* values, size_t count);

// Whether any of them is NaN or infinite.
bool AnyNotFinite(ParallelFor& pool, const float* values, size_t count);
bool AnyNotFinite(const float* values, size_t count);

}  // namespace slimnet
