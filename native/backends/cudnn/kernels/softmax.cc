#include "backends/cudnn/kernels/softmax.h"

#include <cmath>

#include "backends/cudnn/kernels/row_teams.h"

namespace slimnet::cudnn {
namespace {

struct SoftmaxBody {
  struct Shared {
    float largest[kThreads];
    double sum[kThreads];
  };

  RowTeams teams;
  FloatView x;
  FloatView y;
  bool logarithm;

  template <class Team>
  SLIMNET_BODY void operator()(const Team& team, int64_t block, Shared& shared) const {
    const int64_t length = teams.length;
    const int width = teams.width;
    // `work(element)` for those of the thread's row that are the thread's.
    const auto each = [&](int thread, const auto& work) {
      const int64_t row = teams.Row(block, thread);
      if (row >= teams.rows) return;
      for (int64_t i = teams.Place(thread); i < length; i += width) work(row * length + i);
    };
    team.Each([&](int thread) {
      float largest = -INFINITY;
      each(thread, [&](int64_t i) {
        const float value = x.Load(i);
        largest = value > largest ? value : largest;
      });
      shared.largest[thread] = largest;
    });
    teams.JoinPairwise(team, shared.largest, [](float a, float b) { return a > b ? a : b; });
    team.Each([&](int thread) {
      const float largest = shared.largest[thread - teams.Place(thread)];
      double sum = 0;
      each(thread, [&](int64_t i) { sum += static_cast<double>(expf(x.Load(i) - largest)); });
      shared.sum[thread] = sum;
    });
    teams.JoinPairwise(team, shared.sum, [](double a, double b) { return a + b; });
    team.Each([&](int thread) {
      const int first = thread - teams.Place(thread);
      const float largest = shared.largest[first];
      if (logarithm) {
        const auto shift = static_cast<float>(log(shared.sum[first]));
        each(thread, [&](int64_t i) { y.Store(i, x.Load(i) - largest - shift); });
      } else {
        const auto factor = static_cast<float>(1 / shared.sum[first]);
        each(thread, [&](int64_t i) { y.Store(i, expf(x.Load(i) - largest) * factor); });
      }
    });
  }
};

}  // namespace

void Softmax(Queue& queue, Rows rows, bool logarithm, const Floats& x, const Floats& y) {
  if (rows.length == 0) return;
  const RowTeams teams(rows.count, rows.length);
  Blocks(queue, "Softmax", teams.blocks(), SoftmaxBody{teams, FloatView(queue, x), FloatView(queue, y), logarithm});
}

}  // namespace slimnet::cudnn
