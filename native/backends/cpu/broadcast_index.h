// Which element of an operand meets which element of a stretched result.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "ir/program.h"

namespace slimnet::cpu {

// Shapes are aligned from the right; a dimension of 1 has stride 0.
class BroadcastIndex {
 public:
  BroadcastIndex(const Shape& from, const Shape& to) : rank_(to.size()), same_(from == to) {
    int64_t stride = 1;
    for (size_t i = 0; i < to.size(); ++i) {
      const size_t axis = to.size() - 1 - i;
      size_[axis] = to[axis];
      if (i >= from.size()) continue;
      const int64_t dimension = from[from.size() - 1 - i];
      stride_[axis] = dimension == 1 ? 0 : stride;
      stride *= dimension;
    }
    one_ = stride == 1;
  }

  int64_t operator()(int64_t index) const {
    if (same_) return index;
    if (one_) return 0;
    int64_t source = 0;
    for (size_t axis = rank_; axis-- > 0; index /= size_[axis]) source += index % size_[axis] * stride_[axis];
    return source;
  }

 private:
  size_t rank_;
  bool same_;
  bool one_ = false;  // one element for all
  std::array<int64_t, 8> size_{};
  std::array<int64_t, 8> stride_{};
};

}  // namespace slimnet::cpu
