// Ops on class numbers, and the one that looks for what is no number. Those that may be given values that they cannot
// take say so in the queue's Complaint, under the number of their step; the index is that of the first such element.
#pragma once

#include "backends/cudnn/kernels/cast.h"
#include "backends/cudnn/kernels/softmax.h"

namespace slimnet::cudnn {

// y[i, j] = on where indices[i] is j, else off; float32 [count, depth].
void OneHot(Queue& queue, const Elements& indices, int64_t count, int64_t depth, float on, float off, DevicePtr y);

// y[r] = x[r, index[r]]. Complains about the first index outside of the row.
void Pick(Queue& queue, uint64_t step, Rows rows, DevicePtr x, const Elements& index, DevicePtr y);

// y [classes, classes], float32 or float64 as the weights are: the sums of the weights by label and prediction, each in
// the elements' order. Complains about the first class that is none, of the labels before the predictions: at element i
// of the predictions the index is count + i.
void ConfusionMatrix(Queue& queue, uint64_t step, int64_t count, int64_t classes, const Elements& labels,
                     const Elements& predictions, const Elements& weights, DevicePtr y);

// y = x, float32; the two may be one. Complains with the index kFoundNan if there is a NaN, else kFoundInfinity if
// there is an infinity.
inline constexpr int64_t kFoundNan = 0;
inline constexpr int64_t kFoundInfinity = 1;
void CheckNumerics(Queue& queue, uint64_t step, DevicePtr x, DevicePtr y, int64_t count);

}  // namespace slimnet::cudnn
