#include "backends/cudnn/kernels/rank.h"

#include <cmath>

#include "backends/cudnn/kernels/divider.h"
#include "backends/cudnn/kernels/row_teams.h"
#include "backends/cudnn/kernels/wide.h"

namespace slimnet::cudnn {
namespace {

// An element and its position; -1: none, which is behind all.
struct Ranked {
  float value;
  int32_t index;
};

SLIMNET_BODY bool IsBefore(const Ranked& a, const Ranked& b) {
  if (a.index < 0 || b.index < 0) return b.index < 0 && a.index >= 0;
  const bool a_nan = a.value != a.value;
  const bool b_nan = b.value != b.value;
  if (a_nan || b_nan) return a_nan && (!b_nan || a.index < b.index);
  return a.value > b.value || (a.value == b.value && a.index < b.index);
}

// Where neighbouring results lie beside each other: each is a thread's.
struct ArgmaxBody {
  const float* x;
  int32_t* y;
  int64_t size;
  Divider inner;

  SLIMNET_BODY void operator()(int64_t i) const {
    int64_t column = i;
    const int64_t row = inner.Split(column);
    const float* line = x + row * size * inner.divisor + column;
    Ranked best{line[0], 0};
    for (int64_t j = 1; j < size; ++j) {
      const Ranked here{line[j * inner.divisor], static_cast<int32_t>(j)};
      if (IsBefore(here, best)) best = here;
    }
    y[i] = best.index;
  }
};

// The k best, each the best of those behind the one before.
struct TopKBody {
  struct Shared {
    Ranked best[kThreads];
    Ranked last[kThreads];
  };

  RowTeams teams;
  int64_t k;
  const float* x;
  float* values;  // null: positions alone
  int32_t* indices;

  template <class Team>
  SLIMNET_BODY void operator()(const Team& team, int64_t block, Shared& shared) const {
    const int64_t length = teams.length;
    for (int64_t found = 0; found < k; ++found) {
      team.Each([&](int thread) {
        const int64_t row = teams.Row(block, thread);
        const Ranked last = found == 0 ? Ranked{0, -1} : shared.last[thread - teams.Place(thread)];
        Ranked best{0, -1};
        for (int64_t i = teams.Place(thread); row < teams.rows && i < length; i += teams.width) {
          const Ranked here{x[row * length + i], static_cast<int32_t>(i)};
          if ((found == 0 || IsBefore(last, here)) && IsBefore(here, best)) best = here;
        }
        shared.best[thread] = best;
      });
      teams.JoinPairwise(team, shared.best, [](const Ranked& a, const Ranked& b) { return IsBefore(b, a) ? b : a; });
      team.Each([&](int thread) {
        const int64_t row = teams.Row(block, thread);
        if (teams.Place(thread) != 0 || row >= teams.rows) return;
        const Ranked best = shared.best[thread];
        shared.last[thread] = best;
        if (values != nullptr) values[row * k + found] = best.value;
        indices[row * k + found] = best.index;
      });
    }
  }
};

struct InTopKBody {
  struct Shared {
    int64_t larger[kThreads];
  };

  RowTeams teams;
  int64_t k;
  const float* x;
  IndexView targets;
  uint8_t* y;

  template <class Team>
  SLIMNET_BODY void operator()(const Team& team, int64_t block, Shared& shared) const {
    const int64_t length = teams.length;
    // What cannot be counts as larger than everything.
    constexpr int64_t kMany = int64_t{1} << 40;
    team.Each([&](int thread) {
      const int64_t row = teams.Row(block, thread);
      shared.larger[thread] = 0;
      if (row >= teams.rows) return;
      const int64_t target = targets(row);
      if (target < 0 || target >= length) {
        shared.larger[thread] = kMany;
        return;
      }
      const float wanted = x[row * length + target];
      int64_t larger = 0;
      for (int64_t i = teams.Place(thread); i < length; i += teams.width) {
        const float value = x[row * length + i];
        larger = value - value != 0 ? kMany : larger + (value > wanted ? 1 : 0);
      }
      shared.larger[thread] = larger;
    });
    teams.JoinPairwise(team, shared.larger, [](int64_t a, int64_t b) { return a + b > kMany ? kMany : a + b; });
    team.Each([&](int thread) {
      const int64_t row = teams.Row(block, thread);
      if (teams.Place(thread) == 0 && row < teams.rows) y[row] = shared.larger[thread] < k ? 1 : 0;
    });
  }
};

}  // namespace

void Argmax(Queue& queue, int64_t outer, int64_t size, int64_t inner, DevicePtr x, DevicePtr y) {
  if (inner != 1) {
    Each(queue, "Argmax", outer * inner,
         ArgmaxBody{queue.At<float>(x), queue.At<int32_t>(y), size, Divider(std::max<int64_t>(inner, 1))});
    return;
  }
  const RowTeams teams(outer, size);
  Blocks(queue, "Argmax", teams.blocks(), TopKBody{teams, 1, queue.At<float>(x), nullptr, queue.At<int32_t>(y)});
}

void TopK(Queue& queue, Rows rows, int64_t k, DevicePtr x, DevicePtr values, DevicePtr indices) {
  const RowTeams teams(rows.count, rows.length);
  Blocks(queue, "TopK", teams.blocks(),
         TopKBody{teams, k, queue.At<float>(x), queue.At<float>(values), queue.At<int32_t>(indices)});
}

void InTopK(Queue& queue, Rows rows, int64_t k, DevicePtr x, DevicePtr targets, DType target_dtype, DevicePtr y) {
  const RowTeams teams(rows.count, rows.length);
  Blocks(
      queue, "InTopK", teams.blocks(),
      InTopKBody{teams, k, queue.At<float>(x), IndexView(queue.Address(targets), target_dtype), queue.At<uint8_t>(y)});
}

}  // namespace slimnet::cudnn
