#include "backends/cudnn/kernels/reduction.h"

#include "backends/cudnn/kernels/reduce_body.h"

namespace slimnet::cudnn {
namespace {

// Blocks that keep a large GPU busy, and terms of a thread that pay for a block of its own.
constexpr int64_t kWantedBlocks = 1024;
constexpr int64_t kLeastTerms = 8;

int PowerOfTwo(int64_t at_least, int most) {
  int power = 1;
  while (power < at_least && power < most) power *= 2;
  return power;
}

struct SumTerm {
  static constexpr int kSums = 1;
  FloatView x;
  bool squares;
  SLIMNET_BODY void operator()(int64_t offset, int64_t, double* sums) const {
    const auto value = static_cast<double>(x.Load(offset));
    sums[0] += squares ? value * value : value;
  }
};

struct SumFinish {
  FloatView y;
  double divisor;
  SLIMNET_BODY void operator()(int64_t result, const double* sums) const {
    y.Store(result, static_cast<float>(sums[0] / divisor));
  }
};

uint32_t MaskOf(Dims shape, Dims axes) {
  uint32_t mask = axes.empty() ? ~uint32_t{0} : 0;
  for (const int64_t axis : axes) mask |= uint32_t{1} << (axis < 0 ? axis + static_cast<int64_t>(shape.size()) : axis);
  return mask;
}

}  // namespace

void Axes::Add(int64_t size, int64_t stride) {
  count_ *= size;
  if (size == 1) return;
  if (rank_ > 0 && stride_[rank_ - 1] == stride * size) {
    size_[rank_ - 1] = Divider(std::max<int64_t>(size_[rank_ - 1].divisor * size, 1));
    stride_[rank_ - 1] = stride;
    return;
  }
  size_[rank_] = Divider(std::max<int64_t>(size, 1));
  stride_[rank_++] = stride;
}

Reduction::Reduction(Dims shape, uint32_t summed) {
  for (size_t i = 0; i < shape.size(); ++i) {
    ((summed >> i & 1) != 0 ? summed_ : kept_).Add(shape[i], CountOf(shape.subspan(i + 1)));
  }
  ShareOut();
}

Reduction::Reduction(Dims shape, Dims axes) : Reduction(shape, MaskOf(shape, axes)) {}

Reduction Reduction::To(Dims from, Dims to) {
  const size_t more = from.size() - to.size();
  uint32_t mask = 0;
  for (size_t i = 0; i < from.size(); ++i) {
    if (i < more || (to[i - more] == 1 && from[i] != 1)) mask |= uint32_t{1} << i;
  }
  return Reduction(from, mask);
}

Reduction Reduction::OverRows(int64_t rows, int64_t channels) {
  const int64_t shape[] = {rows, channels};
  return Reduction(shape, uint32_t{1});
}

void Reduction::ShareOut() {
  // Neighbouring threads read neighbours in memory.
  lanes_fast_ = kept_.last_size() > 1 && kept_.last_stride() == 1;
  if (lanes_fast_) {
    const int least = PowerOfTwo(kept_.last_size(), 32);
    lanes_ = std::max(least, kThreads / PowerOfTwo(terms(), kThreads));
  } else {
    lanes_ = kThreads / PowerOfTwo(terms(), kThreads);
  }
  const int64_t groups = std::max<int64_t>((results() + lanes_ - 1) / lanes_, 1);
  const int64_t most = terms() / (kThreads / lanes_ * kLeastTerms);
  parts_ = std::clamp<int64_t>(std::min(kWantedBlocks / groups, most), 1, kWantedBlocks);
}

size_t Reduction::scratch_bytes(int sums) const {
  if (parts_ == 1) return 0;
  return static_cast<size_t>(parts_ * results() * sums) * sizeof(double);
}

void Sum(Queue& queue, const Reduction& reduction, bool squares, double divisor, const Floats& x, const Floats& y,
         DevicePtr scratch) {
  ReduceTerms(queue, "Sum", reduction, SumTerm{FloatView(queue, x), squares}, SumFinish{FloatView(queue, y), divisor},
              scratch);
}

}  // namespace slimnet::cudnn
