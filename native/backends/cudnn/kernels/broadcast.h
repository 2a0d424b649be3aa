// Which element of an operand meets which element of a stretched result.
#pragma once

#include <span>

#include "backends/cudnn/kernels/divider.h"

namespace slimnet::cudnn {

using Dims = std::span<const int64_t>;

inline constexpr int kMaxRank = 8;  // ir/limits.h

inline int64_t CountOf(Dims dims) {
  int64_t count = 1;
  for (const int64_t dimension : dims) count *= dimension;
  return count;
}

// Shapes are aligned from the right; a dimension of 1 is stretched. Dimensions that stay together are one.
class Broadcast {
 public:
  Broadcast() = default;  // the same element
  Broadcast(Dims from, Dims to);

  SLIMNET_BODY int64_t operator()(int64_t index) const {
    int64_t source = 0;
    for (int axis = rank_ - 1; axis > 0; --axis) {
      int64_t rest = index;
      index = size_[axis].Split(rest);
      source += rest * stride_[axis];
    }
    return source + index * stride_[0];
  }

  // Whether the elements 8 i to 8 i + 7 of the result meet eight elements from a multiple of 8 on, or one element.
  bool by_octets() const { return by_octets_; }
  // Whether neighbours meet one element.
  SLIMNET_BODY bool one() const { return stride_[rank_ - 1] == 0; }

 private:
  int rank_ = 1;
  bool by_octets_ = true;
  Divider size_[kMaxRank];
  int64_t stride_[kMaxRank] = {1};
};

}  // namespace slimnet::cudnn
