// Gradient descent, momentum, and LARS, which is momentum with a learning rate for each variable.
#include <algorithm>
#include <cmath>

#include "backends/cpu/apply_rule.h"
#include "backends/cpu/kernels.h"

namespace slimnet::cpu {
namespace {

struct Momentum {
  double momentum;
  double rate;
  bool nesterov;
  void operator()(std::array<double, 2>& state, double gradient) const {
    auto& [variable, accumulator] = state;
    accumulator = momentum * accumulator + gradient;
    variable -= rate * (nesterov ? gradient + momentum * accumulator : accumulator);
  }
};

// Elements whose squares are added up at once. The order of the sum does not depend on the number of threads.
constexpr int64_t kNormBlock = kGrain;

// The sums of squares of both, block by block, in `sums`.
template <class T>
std::array<double, 2> Norms(ParallelFor& pool, const T* variable, const T* gradient, int64_t count, double* sums) {
  const int64_t blocks = (count + kNormBlock - 1) / kNormBlock;
  ForRange(pool, blocks, 1, [=](int64_t first, int64_t last) {
    for (int64_t block = first; block < last; ++block) {
      const int64_t end = std::min(count, (block + 1) * kNormBlock);
      double squares[2] = {0, 0};
      for (int64_t i = block * kNormBlock; i < end; ++i) {
        squares[0] += static_cast<double>(variable[i]) * static_cast<double>(variable[i]);
        squares[1] += static_cast<double>(gradient[i]) * static_cast<double>(gradient[i]);
      }
      sums[2 * block] = squares[0];
      sums[2 * block + 1] = squares[1];
    }
  });
  std::array<double, 2> total{};
  for (int64_t block = 0; block < blocks; ++block) {
    total[0] += sums[2 * block];
    total[1] += sums[2 * block + 1];
  }
  return {std::sqrt(total[0]), std::sqrt(total[1])};
}

}  // namespace

std::unique_ptr<Kernel> PrepareApplyGradientDescent(const NodeContext& node) {
  return ApplyRule<1>(node, [](auto) {
    return [](const Scalars& s) {
      return [rate = s[0]](std::array<double, 1>& state, double gradient) { state[0] -= rate * gradient; };
    };
  });
}

std::unique_ptr<Kernel> PrepareApplyMomentum(const NodeContext& node) {
  const auto a = std::get<ApplyMomentumAttrs>(node.node.attrs);
  return ApplyRule<2>(node, [a](auto round) {
    return [momentum = round(a.momentum), nesterov = a.use_nesterov](const Scalars& s) {
      return Momentum{momentum, s[0], nesterov};
    };
  });
}

std::unique_ptr<Kernel> PrepareApplyLars(const NodeContext& node) {
  const auto a = std::get<ApplyLarsAttrs>(node.node.attrs);
  const int64_t count = ElementCount(node.output(0).type.shape);
  const auto blocks = static_cast<size_t>((count + kNormBlock - 1) / kNormBlock);
  return ForFloat(node.output(0).type.dtype, [&](auto zero) {
    using T = decltype(zero);
    const Rounded<T> round;
    const double decay = round(a.weight_decay);
    const double eeta = round(a.eeta);
    const double epsilon = round(a.epsilon);
    const double momentum = round(a.momentum);
    const bool nesterov = a.use_nesterov;
    return KernelOf(
        "loop",
        [=](ParallelFor& pool, const Bindings& b) {
          const T* variable = In<T>(b, 0);
          const T* accumulator = In<T>(b, 1);
          const T* gradient = In<T>(b, 3);
          const auto [w, g] = Norms(pool, variable, gradient, count, Scratch<double>(b));
          const double trust = w > 0 && g > 0 ? eeta * w / (g + decay * w + epsilon) : 1;
          const double rate = static_cast<double>(*In<T>(b, 2)) * trust;
          const Momentum rule{momentum, 1, nesterov};
          T* new_variable = Out<T>(b, 0);
          T* new_accumulator = Out<T>(b, 1);
          ForRange(pool, count, kGrain, [&](int64_t begin, int64_t end) {
            for (int64_t i = begin; i < end; ++i) {
              std::array<double, 2> state{static_cast<double>(variable[i]), static_cast<double>(accumulator[i])};
              rule(state, rate * (static_cast<double>(gradient[i]) + decay * state[0]));
              new_variable[i] = static_cast<T>(state[0]);
              new_accumulator[i] = static_cast<T>(state[1]);
            }
          });
        },
        2 * blocks * sizeof(double));
  });
}

}  // namespace slimnet::cpu
