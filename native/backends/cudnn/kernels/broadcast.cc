#include "backends/cudnn/kernels/broadcast.h"

namespace slimnet::cudnn {

Broadcast::Broadcast(Dims from, Dims to) {
  // From the last dimension outwards.
  int64_t sizes[kMaxRank];
  int64_t strides[kMaxRank];
  int rank = 0;
  int64_t stride = 1;
  for (size_t i = 0; i < to.size(); ++i) {
    const int64_t size = to[to.size() - 1 - i];
    const int64_t own = i < from.size() ? from[from.size() - 1 - i] : 1;
    const int64_t here = own == 1 ? 0 : stride;
    stride *= own;
    if (size == 1) continue;
    if (rank > 0 && here == strides[rank - 1] * sizes[rank - 1]) {
      sizes[rank - 1] *= size;
      continue;
    }
    sizes[rank] = size;
    strides[rank++] = here;
  }
  if (rank == 0) {
    sizes[0] = 1;
    strides[rank++] = 0;
  }
  rank_ = rank;
  by_octets_ = rank == 1 || sizes[0] % 8 == 0;
  for (int i = 0; i < rank; ++i) {
    const int axis = rank - 1 - i;
    size_[axis] = Divider(sizes[i] < 1 ? 1 : sizes[i]);
    stride_[axis] = strides[i];
  }
}

}  // namespace slimnet::cudnn
