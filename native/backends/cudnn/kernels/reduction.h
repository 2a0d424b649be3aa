// Sums over some axes of a tensor, in double and in a fixed order: the same bits each time, on every device.
#pragma once

#include "backends/cudnn/kernels/broadcast.h"
#include "backends/cudnn/kernels/floats.h"

namespace slimnet::cudnn {

// Some axes of a row-major tensor: numbers their positions and says where each lies. Those that stay together are one.
class Axes {
 public:
  void Add(int64_t size, int64_t stride);  // from the first one on
  int64_t count() const { return count_; }
  int64_t last_stride() const { return stride_[rank_ - 1]; }
  int64_t last_size() const { return rank_ == 0 ? 1 : size_[rank_ - 1].divisor; }

  SLIMNET_BODY int64_t Offset(int64_t index) const {
    int64_t offset = 0;
    for (int axis = rank_ - 1; axis > 0; --axis) {
      int64_t position = index;
      index = size_[axis].Split(position);
      offset += position * stride_[axis];
    }
    return offset + index * stride_[0];
  }

 private:
  int rank_ = 0;
  int64_t count_ = 1;
  Divider size_[kMaxRank];
  int64_t stride_[kMaxRank] = {};
};

// How the sums of a shape are shared out among blocks and threads. Depends on the shape alone.
class Reduction {
 public:
  // `axes` may count from the end; no axes are all of them.
  Reduction(Dims shape, Dims axes);
  // Sums of the elements that one of `to` is stretched over.
  static Reduction To(Dims from, Dims to);
  // Sums over the rows of [rows, channels].
  static Reduction OverRows(int64_t rows, int64_t channels);

  int64_t results() const { return kept_.count(); }
  int64_t terms() const { return summed_.count(); }
  // Of scratch memory, for `sums` sums of each result.
  size_t scratch_bytes(int sums) const;

 private:
  template <class Term, class Finish>
  friend void ReduceTerms(Queue& queue, const char* name, const Reduction& reduction, const Term& term,
                          const Finish& finish, DevicePtr scratch);

  Reduction(Dims shape, uint32_t summed);
  void ShareOut();

  Axes kept_, summed_;
  int lanes_ = 1;            // results of a block
  bool lanes_fast_ = false;  // neighbouring threads belong to neighbouring results, not terms
  int64_t parts_ = 1;        // of the terms of a result, each a block's
};

// y = the sum of x, or of its squares, over `divisor`.
void Sum(Queue& queue, const Reduction& reduction, bool squares, double divisor, const Floats& x, const Floats& y,
         DevicePtr scratch);

}  // namespace slimnet::cudnn
