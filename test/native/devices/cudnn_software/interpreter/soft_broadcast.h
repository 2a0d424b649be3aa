// Operands of an elementwise operation that may be broadcast.
#pragma once

#include <array>
#include <cstdint>

#include "native/devices/cudnn_software/interpreter/soft_value.h"

namespace slimnet::testing {

// Calls visit(place of the result, places of the operands, step of each along the innermost axis, elements) for each
// row of a result with these extents. An operand whose extent is 1 along an axis has one element there. The places of
// an operand that is null are 0.
template <size_t N, class F>
void EachBroadcastRow(const std::vector<int64_t>& extents, const std::array<const SoftValue*, N>& operands, F visit) {
  const std::vector<size_t>& order = AxisOrder(extents.size());
  std::array<std::vector<int64_t>, N> strides;
  for (size_t operand = 0; operand < N; ++operand) {
    strides[operand].assign(extents.size(), 0);
    if (operands[operand] == nullptr) continue;
    int64_t stride = 1;
    for (size_t level = order.size(); level-- > 0;) {
      const int64_t extent = operands[operand]->extents[order[level]];
      if (extent > 1) strides[operand][order[level]] = stride;
      stride *= extent;
    }
  }
  const size_t inner = order.back();
  std::array<int64_t, N> steps{};
  for (size_t operand = 0; operand < N; ++operand) steps[operand] = strides[operand][inner];
  std::vector<int64_t> index(extents.size(), 0);
  for (int64_t done = 0;; done += extents[inner]) {
    std::array<int64_t, N> places{};
    for (size_t operand = 0; operand < N; ++operand) {
      for (size_t axis = 0; axis < extents.size(); ++axis) places[operand] += index[axis] * strides[operand][axis];
    }
    visit(done, places, steps, extents[inner]);
    size_t level = order.size() - 1;
    for (; level > 0; --level) {
      const size_t axis = order[level - 1];
      if (++index[axis] < extents[axis]) break;
      index[axis] = 0;
    }
    if (level == 0) return;
  }
}

// Whether an operand can be broadcast to these extents.
inline bool Broadcasts(const SoftValue& operand, const std::vector<int64_t>& extents) {
  if (operand.extents.size() != extents.size()) return false;
  for (size_t axis = 0; axis < extents.size(); ++axis) {
    if (operand.extents[axis] != extents[axis] && operand.extents[axis] != 1) return false;
  }
  return true;
}

}  // namespace slimnet::testing
