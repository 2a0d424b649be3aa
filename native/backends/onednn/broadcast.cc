#include "backends/onednn/broadcast.h"

namespace slimnet::onednn {
namespace {

// Elements between two neighbours along each dimension of the result; 0 where the input has one element for all.
std::array<int64_t, Broadcast::kMaxRank> StridesIn(const Shape& input, const Shape& result) {
  std::array<int64_t, Broadcast::kMaxRank> strides{};
  int64_t stride = 1;
  for (size_t i = 0; i < input.size(); ++i) {
    const int64_t size = input[input.size() - 1 - i];
    const size_t d = result.size() - 1 - i;
    strides[d] = size == 1 ? 0 : stride;
    stride *= size;
  }
  return strides;
}

}  // namespace

int64_t Broadcast::rows() const {
  int64_t rows = 1;
  for (size_t d = 0; d + 1 < rank; ++d) rows *= size[d];
  return rows;
}

Broadcast CollapseBroadcast(const Shape& x, const Shape& y, const Shape& result) {
  const auto x_strides = StridesIn(x, result);
  const auto y_strides = StridesIn(y, result);
  Broadcast to;
  to.rank = 0;
  for (size_t d = 0; d < result.size(); ++d) {
    if (result[d] == 1) continue;
    const size_t last = to.rank - 1;
    // Two dimensions are one where each input steps over the inner one as a whole.
    if (to.rank > 0 && to.x_stride[last] == x_strides[d] * result[d] && to.y_stride[last] == y_strides[d] * result[d]) {
      to.size[last] *= result[d];
      to.x_stride[last] = x_strides[d];
      to.y_stride[last] = y_strides[d];
      continue;
    }
    to.size[to.rank] = result[d];
    to.x_stride[to.rank] = x_strides[d];
    to.y_stride[to.rank] = y_strides[d];
    ++to.rank;
  }
  if (to.rank == 0) to.rank = 1;  // one element: size 1, strides 0
  return to;
}

}  // namespace slimnet::onednn
