// Ops that look for the largest elements. A NaN is larger than every number; of equals the first counts.
#pragma once

#include "backends/cudnn/kernels/floats.h"
#include "backends/cudnn/kernels/softmax.h"
#include "base/dtype.h"

namespace slimnet::cudnn {

// y [outer, inner], int32: the position of the largest of x [outer, size, inner] along the middle axis.
void Argmax(Queue& queue, int64_t outer, int64_t size, int64_t inner, DevicePtr x, DevicePtr y);

// The k largest of each row in order, float32, and their positions, int32. Takes k passes over a row.
void TopK(Queue& queue, Rows rows, int64_t k, DevicePtr x, DevicePtr values, DevicePtr indices);

// y, bool: whether fewer than k elements of the row are larger than its element `target`. No where a row has an element
// that is not finite, or not that many elements.
void InTopK(Queue& queue, Rows rows, int64_t k, DevicePtr x, DevicePtr targets, DType target_dtype, DevicePtr y);

}  // namespace slimnet::cudnn
