#include "backends/onednn/reduction.h"

#include <algorithm>

#include "backends/cpu/cpu_stream.h"
#include "backends/cpu/dispatch.h"

namespace slimnet::onednn {
namespace {

// Elements of a run that are summed by one job, and results that are summed side by side.
constexpr int64_t kPart = 32768;
constexpr int64_t kWidth = 64;

double SumRun(const float* x, int64_t count, bool squares) {
  // Several chains of additions, so that one need not wait for the other.
  std::array<double, 8> sums{};
  int64_t i = 0;
  for (; i + 8 <= count; i += 8) {
    for (int64_t j = 0; j < 8; ++j) {
      const double value = x[i + j];
      sums[static_cast<size_t>(j)] += squares ? value * value : value;
    }
  }
  double sum = 0;
  for (; i < count; ++i) sum += squares ? static_cast<double>(x[i]) * x[i] : x[i];
  for (const double part : sums) sum += part;
  return sum;
}

int64_t PartsOf(int64_t run) { return std::max<int64_t>((run + kPart - 1) / kPart, 1); }

// One result out of one long run.
void ReduceToOne(ParallelFor& pool, int64_t run, bool squares, double factor, const float* x, float* y, double* sums) {
  const int64_t parts = PartsOf(run);
  cpu::ForRange(pool, parts, 1, [=](int64_t begin, int64_t end) {
    for (int64_t part = begin; part < end; ++part) {
      sums[part] = SumRun(x + part * kPart, std::min(kPart, run - part * kPart), squares);
    }
  });
  double sum = 0;
  for (int64_t part = 0; part < parts; ++part) sum += sums[part];
  *y = static_cast<float>(sum * factor);
}

// Neighbouring results, whose terms lie side by side: rows are added to a row of sums.
void ReduceColumns(const Reduction& r, bool squares, double factor, const float* x, float* y, int64_t block) {
  const int64_t blocks = (r.run + kWidth - 1) / kWidth;
  const int64_t first = block % blocks * kWidth;
  const int64_t width = std::min(kWidth, r.run - first);
  const float* from = x + r.kept.Offset(block / blocks) + first;
  std::array<double, kWidth> sums{};
  const int64_t rows = r.summed.count();
  for (int64_t row = 0; row < rows; ++row) {
    const float* values = from + r.summed.Offset(row);
    if (squares) {
      for (int64_t i = 0; i < width; ++i) sums[static_cast<size_t>(i)] += static_cast<double>(values[i]) * values[i];
    } else {
      for (int64_t i = 0; i < width; ++i) sums[static_cast<size_t>(i)] += values[i];
    }
  }
  float* to = y + block / blocks * r.run + first;
  for (int64_t i = 0; i < width; ++i) to[i] = static_cast<float>(sums[static_cast<size_t>(i)] * factor);
}

}  // namespace

int64_t Reduction::Axes::count() const {
  int64_t count = 1;
  for (size_t d = 0; d < rank; ++d) count *= size[d];
  return count;
}

int64_t Reduction::Axes::Offset(int64_t index) const {
  int64_t offset = 0;
  for (size_t d = rank; d-- > 0; index /= size[d]) offset += index % size[d] * stride[d];
  return offset;
}

Reduction DescribeReduction(const Shape& shape, const std::vector<int64_t>& axes) {
  std::array<bool, Reduction::kMaxRank> is_summed{};
  for (size_t d = 0; d < shape.size(); ++d) is_summed[d] = axes.empty();
  for (const int64_t axis : axes) is_summed[cpu::Axis(axis, shape.size())] = true;

  // From the last dimension outwards: equal neighbours become one dimension, dimensions of 1 go.
  struct Group {
    int64_t size, stride;
    bool summed;
  };
  std::vector<Group> groups;
  int64_t stride = 1;
  for (size_t d = shape.size(); d-- > 0; stride *= shape[d]) {
    if (shape[d] == 1) continue;
    if (!groups.empty() && groups.back().summed == is_summed[d]) {
      groups.back().size *= shape[d];
    } else {
      groups.push_back({shape[d], stride, is_summed[d]});
    }
  }

  Reduction reduction;
  if (groups.empty()) return reduction;
  reduction.run = groups.front().size;
  reduction.run_kept = !groups.front().summed;
  for (size_t i = groups.size(); i-- > 1;) {
    Reduction::Axes& to = groups[i].summed ? reduction.summed : reduction.kept;
    to.size[to.rank] = groups[i].size;
    to.stride[to.rank] = groups[i].stride;
    ++to.rank;
  }
  return reduction;
}

size_t ReductionScratch(const Reduction& reduction) {
  return reduction.outputs() == 1 ? static_cast<size_t>(PartsOf(reduction.run)) * sizeof(double) : 0;
}

void Reduce(ParallelFor& pool, const Reduction& r, bool squares, double factor, const float* x, float* y,
            void* scratch) {
  if (!r.run_kept && r.kept.rank == 0 && r.summed.rank == 0) {
    return ReduceToOne(pool, r.run, squares, factor, x, y, static_cast<double*>(scratch));
  }
  if (r.run_kept) {
    const int64_t blocks = r.kept.count() * ((r.run + kWidth - 1) / kWidth);
    cpu::ForRange(pool, blocks, cpu::RowGrain(kWidth * r.summed.count()), [=, &r](int64_t begin, int64_t end) {
      for (int64_t block = begin; block < end; ++block) ReduceColumns(r, squares, factor, x, y, block);
    });
    return;
  }
  const int64_t rows = r.summed.count();
  cpu::ForRange(pool, r.kept.count(), cpu::RowGrain(r.terms()), [=, &r](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const float* from = x + r.kept.Offset(i);
      double sum = 0;
      for (int64_t row = 0; row < rows; ++row) sum += SumRun(from + r.summed.Offset(row), r.run, squares);
      y[i] = static_cast<float>(sum * factor);
    }
  });
}

}  // namespace slimnet::onednn
