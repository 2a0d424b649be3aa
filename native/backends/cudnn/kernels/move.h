// Ops that put elements of a tensor elsewhere, whatever they are: by their bytes.
#pragma once

#include "backends/cudnn/kernels/broadcast.h"

namespace slimnet::cudnn {

// Each element of the result is one of the input, or zero. Made when a step is prepared.
class Movement {
 public:
  // `bytes`: of an element as it is stored, 1, 2, 4 or 8.
  static Movement BroadcastTo(Dims from, Dims to, size_t bytes);
  // `pads`: elements before and behind, axis by axis, which are zeros, or are left out.
  static Movement Pad(Dims from, Dims pads, size_t bytes);
  static Movement Crop(Dims from, Dims pads, size_t bytes);
  // Axis i of the result is axis perm[i] of the input.
  static Movement Transpose(Dims from, Dims perm, size_t bytes);

 private:
  friend void Move(Queue& queue, const Movement& movement, DevicePtr x, DevicePtr y);

  // Position p of the result is position p - before of the input, or a zero outside of [0, kept).
  struct Axis {
    int64_t size;
    int64_t stride;  // of the input
    int64_t before = 0;
    int64_t kept;
  };

  void Add(const Axis& axis);  // from the first one on

  size_t bytes_ = 1;
  int64_t first_ = 0;  // where the input is begun with
  int rank_ = 0;
  Axis axes_[kMaxRank] = {};
};

// x and y do not overlap.
void Move(Queue& queue, const Movement& movement, DevicePtr x, DevicePtr y);

struct SelectShape {
  SelectShape(Dims condition_dims, Dims x_dims, Dims y_dims, Dims z_dims, size_t element_bytes)
      : condition(condition_dims, z_dims),
        x(x_dims, z_dims),
        y(y_dims, z_dims),
        count(CountOf(z_dims)),
        bytes(element_bytes) {}

  Broadcast condition, x, y;
  int64_t count;
  size_t bytes;
};

// z = condition ? x : y, with broadcasting.
void Select(Queue& queue, const SelectShape& shape, DevicePtr condition, DevicePtr x, DevicePtr y, DevicePtr z);

// y = value: a tensor of one int64.
void StoreNumber(Queue& queue, int64_t value, DevicePtr y);

}  // namespace slimnet::cudnn
