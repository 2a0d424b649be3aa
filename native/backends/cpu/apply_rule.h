// What updates by gradients share: one pass over a variable, its slots and its gradient.
#pragma once

#include <array>
#include <memory>

#include "backends/cpu/dispatch.h"
#include "backends/cpu/kernel_of.h"
#include "base/rounded.h"

namespace slimnet::cpu {

inline constexpr size_t kMostScalars = 3;
using Scalars = std::array<double, kMostScalars>;

// A hyperparameter as a variable of type T would hold it. TensorFlow's are tensors of the variable's dtype: 1 - beta2
// and beta2^t must be made of the same beta2.
template <class T>
struct Rounded {
  double operator()(double value) const { return RoundedTo<T>(value); }
};

// `make(round)` gives a function of the scalars (the learning rate is the last of them), which gives the rule:
// rule(state, gradient) changes the `kState` numbers of one element, the variable's first, in double.
template <size_t kState, class Make>
std::unique_ptr<Kernel> ApplyRule(const NodeContext& node, Make make) {
  const int64_t count = ElementCount(node.output(0).type.shape);
  const size_t scalars = node.node.inputs.size() - kState - 1;
  return ForFloat(node.output(0).type.dtype, [&](auto zero) {
    using T = decltype(zero);
    return KernelOf("loop", [=, with_attrs = make(Rounded<T>{})](ParallelFor& pool, const Bindings& b) {
      Scalars scalar{};
      for (size_t i = 0; i < scalars; ++i) scalar[i] = static_cast<double>(*In<T>(b, kState + i));
      const auto rule = with_attrs(scalar);
      std::array<const T*, kState> old{};
      std::array<T*, kState> fresh{};
      for (size_t k = 0; k < kState; ++k) {
        old[k] = In<T>(b, k);
        fresh[k] = Out<T>(b, k);
      }
      const T* gradient = In<T>(b, kState + scalars);
      ForRange(pool, count, kGrain, [&](int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end; ++i) {
          std::array<double, kState> state;
          for (size_t k = 0; k < kState; ++k) state[k] = static_cast<double>(old[k][i]);
          rule(state, static_cast<double>(gradient[i]));
          for (size_t k = 0; k < kState; ++k) fresh[k][i] = static_cast<T>(state[k]);
        }
      });
    });
  });
}

}  // namespace slimnet::cpu
