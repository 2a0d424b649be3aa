// How rows are shared out among blocks: as many threads for each as it has elements, up to all of a block's.
#pragma once

#include "backends/cudnn/kernels/each.h"

namespace slimnet::cudnn {

struct RowTeams {
  int width = kThreads;  // threads of a row, a power of two
  int64_t rows = 0;
  int64_t length = 0;

  RowTeams(int64_t count, int64_t row_length) : rows(count), length(row_length) {
    while (width > 1 && width / 2 >= length) width /= 2;
  }

  int64_t blocks() const { return (rows + kThreads / width - 1) / (kThreads / width); }
  SLIMNET_BODY int Place(int thread) const { return thread % width; }
  SLIMNET_BODY int64_t Row(int64_t block, int thread) const { return block * (kThreads / width) + thread / width; }

  // Joins what the threads of each row hold, pairwise: part[t] = join(part[t], part[t + step]). What a row has lies at
  // its first thread then.
  template <class Team, class T, class Join>
  SLIMNET_BODY void JoinPairwise(const Team& team, T* part, const Join& join) const {
    for (int step = width / 2; step > 0; step /= 2) {
      team.Each([&](int thread) {
        if (Place(thread) < step) part[thread] = join(part[thread], part[thread + step]);
      });
    }
  }
};

}  // namespace slimnet::cudnn
