// The kernels behind sums: for the files of this folder that have some.
#pragma once

#include "backends/cudnn/kernels/reduction.h"

namespace slimnet::cudnn {

// Adds up `width` numbers of each of some groups of threads, pairwise: part[k][t] += part[k][t + step * pitch] for step
// = width / 2 ... 1. `width` is a power of two; `place` says which of its group's numbers a thread's is.
template <int kSums, class Team, class Place>
SLIMNET_BODY void AddPairwise(const Team& team, double (&part)[kSums][kThreads], int width, int pitch,
                              const Place& place) {
  for (int step = width / 2; step > 0; step /= 2) {
    team.Each([&](int thread) {
      if (place(thread) >= step) return;
      for (int k = 0; k < kSums; ++k) part[k][thread] += part[k][thread + step * pitch];
    });
  }
}

// What each block of sums does. Term::kSums sums of each result: term(offset, result, sums) adds what the element at an
// offset gives, finish(result, sums) takes the whole.
template <class Term, class Finish>
struct ReduceBody {
  static constexpr int kSums = Term::kSums;
  struct Shared {
    double part[kSums][kThreads];
  };

  Axes kept, summed;
  int lanes;
  bool lanes_fast;
  int64_t results, terms;
  int64_t parts;
  int64_t share;  // terms of a part
  Divider groups;
  double* partial;  // [parts, results, kSums], where there are several parts
  Term term;
  Finish finish;

  template <class Team>
  SLIMNET_BODY void operator()(const Team& team, int64_t block, Shared& shared) const {
    const int width = kThreads / lanes;
    const auto lane = [&](int thread) { return lanes_fast ? thread % lanes : thread / width; };
    const auto place = [&](int thread) { return lanes_fast ? thread / lanes : thread % width; };
    int64_t group = block;
    const int64_t part = groups.Split(group);
    const int64_t first = group * lanes;
    const int64_t begin = part * share;
    const int64_t end = begin + share < terms ? begin + share : terms;
    team.Each([&](int thread) {
      double sums[kSums] = {};
      const int64_t result = first + lane(thread);
      if (result < results) {
        const int64_t offset = kept.Offset(result);
        for (int64_t i = begin + place(thread); i < end; i += width) term(offset + summed.Offset(i), result, sums);
      }
      for (int k = 0; k < kSums; ++k) shared.part[k][thread] = sums[k];
    });
    AddPairwise(team, shared.part, width, lanes_fast ? lanes : 1, place);
    team.Each([&](int thread) {
      const int64_t result = first + lane(thread);
      if (place(thread) != 0 || result >= results) return;
      double sums[kSums];
      for (int k = 0; k < kSums; ++k) sums[k] = shared.part[k][thread];
      if (parts == 1) return finish(result, sums);
      for (int k = 0; k < kSums; ++k) partial[(part * results + result) * kSums + k] = sums[k];
    });
  }
};

// Adds the parts up, in their order.
template <int kSums, class Finish>
struct FinishBody {
  int64_t parts, results;
  const double* partial;
  Finish finish;

  SLIMNET_BODY void operator()(int64_t result) const {
    double sums[kSums] = {};
    for (int64_t part = 0; part < parts; ++part) {
      for (int k = 0; k < kSums; ++k) sums[k] += partial[(part * results + result) * kSums + k];
    }
    finish(result, sums);
  }
};

template <class Term, class Finish>
void ReduceTerms(Queue& queue, const char* name, const Reduction& r, const Term& term, const Finish& finish,
                 DevicePtr scratch) {
  if (r.results() == 0) return;
  auto* partial = queue.At<double>(scratch);
  const int64_t groups = (r.results() + r.lanes_ - 1) / r.lanes_;
  Blocks(queue, name, groups * r.parts_,
         ReduceBody<Term, Finish>{r.kept_, r.summed_, r.lanes_, r.lanes_fast_, r.results(), r.terms(), r.parts_,
                                  (r.terms() + r.parts_ - 1) / r.parts_, Divider(groups), partial, term, finish});
  if (r.parts_ == 1) return;
  Each(queue, name, r.results(), FinishBody<Term::kSums, Finish>{r.parts_, r.results(), partial, finish});
}

}  // namespace slimnet::cudnn
