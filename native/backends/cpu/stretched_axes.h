// Which axes a smaller tensor is stretched along.
#pragma once

#include <cstdint>
#include <vector>

#include "ir/program.h"

namespace slimnet::cpu {

// Axes of `to` along which `from` is stretched, where shapes are aligned from the right and dimensions of 1 stretch.
inline std::vector<int64_t> StretchedAxes(const Shape& from, const Shape& to) {
  const size_t more = to.size() - from.size();
  std::vector<int64_t> axes;
  for (size_t i = 0; i < to.size(); ++i) {
    if (i < more || (from[i - more] == 1 && to[i] != 1)) axes.push_back(static_cast<int64_t>(i));
  }
  return axes;
}

}  // namespace slimnet::cpu
