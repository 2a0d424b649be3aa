// Steps that make new values of variables, in new memory or over the old ones.
#include <cmath>
#include <cstring>

#include "backends/cpu/dispatch.h"
#include "backends/cpu/kernel_of.h"
#include "backends/cpu/kernels.h"

namespace slimnet::cpu {

namespace {

// New value f(variable, value), computed in double.
template <class Function>
std::unique_ptr<Kernel> Assign(const NodeContext& node, Function f) {
  const int64_t count = ElementCount(node.output(0).type.shape);
  return ForFloat(node.output(0).type.dtype, [&](auto zero) {
    using T = decltype(zero);
    return KernelOf("loop", [=](ParallelFor& pool, const Bindings& b) {
      const T* variable = In<T>(b, 0);
      const T* value = In<T>(b, 1);
      T* y = Out<T>(b, 0);
      ForRange(pool, count, kGrain, [=](int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end; ++i) {
          y[i] = static_cast<T>(f(static_cast<double>(variable[i]), static_cast<double>(value[i])));
        }
      });
    });
  });
}

// Counters; what is over the largest number begins anew.
std::unique_ptr<Kernel> AddIntegers(const NodeContext& node) {
  const int64_t count = ElementCount(node.output(0).type.shape);
  return ForInteger(node.output(0).type.dtype, [&](auto zero) {
    using T = decltype(zero);
    return KernelOf("loop", [=](ParallelFor&, const Bindings& b) {
      const T* variable = In<T>(b, 0);
      const T* value = In<T>(b, 1);
      T* y = Out<T>(b, 0);
      for (int64_t i = 0; i < count; ++i) {
        y[i] = static_cast<T>(static_cast<uint64_t>(variable[i]) + static_cast<uint64_t>(value[i]));
      }
    });
  });
}

}  // namespace

std::unique_ptr<Kernel> PrepareAssign(const NodeContext& node) {
  const size_t bytes = node.output(0).bytes();
  return KernelOf("copy", [bytes](ParallelFor&, const Bindings& b) {
    if (b.inputs[1] != b.outputs[0] && bytes > 0) std::memmove(Out<void>(b, 0), In<void>(b, 1), bytes);
  });
}

std::unique_ptr<Kernel> PrepareAssignAdd(const NodeContext& node) {
  if (!IsFloating(node.output(0).type.dtype)) return AddIntegers(node);
  return Assign(node, [](double old, double value) { return old + value; });
}

std::unique_ptr<Kernel> PrepareAssignMovingAverage(const NodeContext& node) {
  const double rate = 1 - std::get<AssignMovingAverageAttrs>(node.node.attrs).decay;
  return Assign(node, [rate](double old, double value) { return old - (old - value) * rate; });
}

std::unique_ptr<Kernel> PrepareAssignDebiasedMovingAverage(const NodeContext& node) {
  const double decay = std::get<AssignDebiasedMovingAverageAttrs>(node.node.attrs).decay;
  const int64_t count = ElementCount(node.output(0).type.shape);
  return ForFloat(node.output(0).type.dtype, [&](auto zero) {
    using T = decltype(zero);
    return KernelOf("loop", [=](ParallelFor&, const Bindings& b) {
      const T* variable = In<T>(b, 0);
      const T* biased = In<T>(b, 1);
      const T* value = In<T>(b, 3);
      T* y = Out<T>(b, 0);
      T* new_biased = Out<T>(b, 1);
      const T step = static_cast<T>(*In<T>(b, 2) + 1);
      *Out<T>(b, 2) = step;
      const double correction = 1 - std::pow(decay, static_cast<double>(step));
      for (int64_t i = 0; i < count; ++i) {
        const T average = static_cast<T>(biased[i] - (static_cast<double>(biased[i]) - value[i]) * (1 - decay));
        new_biased[i] = average;
        // variable - (variable - x) is x, but for variables so large that the difference has lost it.
        const double old = variable[i];
        y[i] = static_cast<T>(old - (old - average / correction));
      }
    });
  });
}

}  // namespace slimnet::cpu
