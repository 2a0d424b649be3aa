#include "backends/cudnn/kernels/update.h"

#include "backends/cudnn/kernels/reduce_body.h"

namespace slimnet::cudnn {
namespace {

constexpr int kFour = 4;                          // floats of a word
constexpr int64_t kChunk = 4 * kThreads * kFour;  // elements of a block
constexpr int kMostTensors = 32;                  // what the parameters of a kernel have room for

template <class Rule>
struct UpdateBody {
  struct Shared {
    char nothing;
  };
  struct Tensor {
    int64_t first_block;
    int64_t count;
    const float* old[Rule::kState];
    float* fresh[Rule::kState];
    const float* scalars[Rule::kScalars == 0 ? 1 : Rule::kScalars];
    const float* gradient;
    bool aligned;
  };

  Rule rule;
  int tensors = 0;
  Tensor tensor[kMostTensors];

  template <class Team>
  SLIMNET_BODY void operator()(const Team& team, int64_t block, Shared&) const {
    int at = 0;
    while (at + 1 < tensors && tensor[at + 1].first_block <= block) ++at;
    const Tensor& t = tensor[at];
    const int64_t begin = (block - t.first_block) * kChunk;
    const int64_t end = begin + kChunk < t.count ? begin + kChunk : t.count;
    team.Each([&](int thread) {
      double scalars[kMostScalars] = {};
      for (int i = 0; i < Rule::kScalars; ++i) scalars[i] = static_cast<double>(*t.scalars[i]);
      const auto step = rule.With(scalars);
      int64_t i = begin + thread * kFour;
      for (; t.aligned && i + kFour <= end; i += kThreads * kFour) Words(t, step, i);
      for (; i < end; i += kThreads * kFour) {
        const int64_t last = i + kFour < end ? i + kFour : end;
        for (int64_t j = i; j < last; ++j) One(t, step, j);
      }
    });
  }

 private:
  template <class Step>
  SLIMNET_BODY static void Words(const Tensor& t, const Step& step, int64_t i) {
    const Word gradient = LoadWord(t.gradient + i);
    Word state[Rule::kState];
    SLIMNET_UNROLL
    for (int k = 0; k < Rule::kState; ++k) state[k] = LoadWord(t.old[k] + i);
    SLIMNET_UNROLL
    for (int j = 0; j < kFour; ++j) {
      double numbers[Rule::kState];
      SLIMNET_UNROLL
      for (int k = 0; k < Rule::kState; ++k) numbers[k] = static_cast<double>(std::bit_cast<float>(state[k].part[j]));
      step(numbers, static_cast<double>(std::bit_cast<float>(gradient.part[j])));
      SLIMNET_UNROLL
      for (int k = 0; k < Rule::kState; ++k) state[k].part[j] = std::bit_cast<uint32_t>(static_cast<float>(numbers[k]));
    }
    SLIMNET_UNROLL
    for (int k = 0; k < Rule::kState; ++k) StoreWord(t.fresh[k] + i, state[k]);
  }

  template <class Step>
  SLIMNET_BODY static void One(const Tensor& t, const Step& step, int64_t i) {
    double numbers[Rule::kState];
    for (int k = 0; k < Rule::kState; ++k) numbers[k] = static_cast<double>(t.old[k][i]);
    step(numbers, static_cast<double>(t.gradient[i]));
    for (int k = 0; k < Rule::kState; ++k) t.fresh[k][i] = static_cast<float>(numbers[k]);
  }
};

bool IsAligned(const void* pointer) { return reinterpret_cast<uintptr_t>(pointer) % sizeof(Word) == 0; }

template <class Rule>
void ApplyRule(Queue& queue, const Rule& rule, std::span<const Update> updates) {
  UpdateBody<Rule> body{.rule = rule, .tensor = {}};
  int64_t blocks = 0;
  const auto flush = [&] {
    Blocks(queue, "Apply", blocks, body);
    blocks = 0;
    body.tensors = 0;
  };
  for (const Update& update : updates) {
    if (update.count == 0) continue;
    auto& t = body.tensor[body.tensors++];
    t.first_block = blocks;
    t.count = update.count;
    t.gradient = queue.At<float>(update.gradient);
    t.aligned = IsAligned(t.gradient);
    for (int k = 0; k < Rule::kState; ++k) {
      t.old[k] = queue.At<float>(update.old[k]);
      t.fresh[k] = queue.At<float>(update.fresh[k]);
      t.aligned = t.aligned && IsAligned(t.old[k]) && IsAligned(t.fresh[k]);
    }
    for (int k = 0; k < Rule::kScalars; ++k) t.scalars[k] = queue.At<float>(update.scalars[k]);
    blocks += (update.count + kChunk - 1) / kChunk;
    if (body.tensors == kMostTensors) flush();
  }
  flush();
}

struct SquaresTerm {
  static constexpr int kSums = 2;
  const float* variable;
  const float* gradient;
  SLIMNET_BODY void operator()(int64_t i, int64_t, double* sums) const {
    sums[0] += static_cast<double>(variable[i]) * static_cast<double>(variable[i]);
    sums[1] += static_cast<double>(gradient[i]) * static_cast<double>(gradient[i]);
  }
};

struct SquaresFinish {
  double* squares;
  SLIMNET_BODY void operator()(int64_t, const double* sums) const {
    squares[0] = sums[0];
    squares[1] = sums[1];
  }
};

struct CountBody {
  const float* x;
  float* y;
  SLIMNET_BODY void operator()(int64_t) const { *y = *x + 1; }
};

// All axes of a vector.
Reduction WholeOf(int64_t count) {
  const int64_t shape[] = {count};
  return Reduction(shape, Dims());
}

constexpr size_t kSquaresBytes = 64;

}  // namespace

#define SLIMNET_DEFINE(Rule) \
  void Apply(Queue& queue, const Rule& rule, std::span<const Update> updates) { ApplyRule(queue, rule, updates); }
SLIMNET_CUDNN_RULES(SLIMNET_DEFINE)
#undef SLIMNET_DEFINE

size_t LarsScratchBytes(int64_t count) { return kSquaresBytes + WholeOf(count).scratch_bytes(SquaresTerm::kSums); }

void ApplyLars(Queue& queue, LarsRule rule, const Update& update, DevicePtr scratch) {
  auto* squares = queue.At<double>(scratch);
  rule.squares = squares;
  ReduceTerms(queue, "Squares", WholeOf(update.count),
              SquaresTerm{queue.At<float>(update.old[0]), queue.At<float>(update.gradient)}, SquaresFinish{squares},
              scratch + kSquaresBytes);
  Apply(queue, rule, std::span(&update, 1));
}

void CountOne(Queue& queue, DevicePtr x, DevicePtr y) {
  Each(queue, "CountOne", 1, CountBody{queue.At<float>(x), queue.At<float>(y)});
}

}  // namespace slimnet::cudnn
