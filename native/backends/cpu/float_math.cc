// Functions of the floating-point numbers of a schedule or a norm: few elements, computed in double and rounded once.
#include <algorithm>
#include <atomic>
#include <cmath>

#include "backends/cpu/broadcast_index.h"
#include "backends/cpu/dispatch.h"
#include "backends/cpu/kernel_of.h"
#include "backends/cpu/kernels.h"

namespace slimnet::cpu {
namespace {

template <class Function>
std::unique_ptr<Kernel> EachFloat(const NodeContext& node, Function f) {
  const int64_t count = ElementCount(node.output(0).type.shape);
  return ForFloat(node.output(0).type.dtype, [&](auto zero) {
    using T = decltype(zero);
    return KernelOf("loop", [=](ParallelFor& pool, const Bindings& b) {
      const T* x = In<T>(b, 0);
      T* y = Out<T>(b, 0);
      ForRange(pool, count, kGrain, [=](int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end; ++i) y[i] = static_cast<T>(f(static_cast<double>(x[i])));
      });
    });
  });
}

template <class Function>
std::unique_ptr<Kernel> EachPair(const NodeContext& node, Function f) {
  const Shape& shape = node.output(0).type.shape;
  const BroadcastIndex from_x(node.input(0).type.shape, shape);
  const BroadcastIndex from_y(node.input(1).type.shape, shape);
  const int64_t count = ElementCount(shape);
  return ForFloat(node.output(0).type.dtype, [&](auto zero) {
    using T = decltype(zero);
    return KernelOf("loop", [=](ParallelFor& pool, const Bindings& b) {
      const T* x = In<T>(b, 0);
      const T* y = In<T>(b, 1);
      T* z = Out<T>(b, 0);
      ForRange(pool, count, kGrain, [&](int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end; ++i) {
          z[i] = static_cast<T>(f(static_cast<double>(x[from_x(i)]), static_cast<double>(y[from_y(i)])));
        }
      });
    });
  });
}

}  // namespace

std::unique_ptr<Kernel> PrepareFloor(const NodeContext& node) {
  return EachFloat(node, [](double x) { return std::floor(x); });
}

std::unique_ptr<Kernel> PrepareCos(const NodeContext& node) {
  return EachFloat(node, [](double x) { return std::cos(x); });
}

std::unique_ptr<Kernel> PrepareSqrt(const NodeContext& node) {
  return EachFloat(node, [](double x) { return std::sqrt(x); });
}

std::unique_ptr<Kernel> PreparePow(const NodeContext& node) {
  return EachPair(node, [](double x, double y) { return std::pow(x, y); });
}

// NaN compares false with everything, so each of the two is asked for it once.
std::unique_ptr<Kernel> PrepareMinimum(const NodeContext& node) {
  return EachPair(node, [](double x, double y) { return x <= y || std::isnan(x) ? x : y; });
}

std::unique_ptr<Kernel> PrepareMaximum(const NodeContext& node) {
  return EachPair(node, [](double x, double y) { return x >= y || std::isnan(x) ? x : y; });
}

std::unique_ptr<Kernel> PrepareCheckNumerics(const NodeContext& node) {
  const std::string message = std::get<CheckNumericsAttrs>(node.node.attrs).message;
  const int64_t count = ElementCount(node.output(0).type.shape);
  return ForFloat(node.output(0).type.dtype, [&](auto zero) {
    using T = decltype(zero);
    return KernelOf("loop", [=](ParallelFor& pool, const Bindings& b) {
      const T* x = In<T>(b, 0);
      T* y = Out<T>(b, 0);
      std::atomic<bool> finite{true};
      ForRange(pool, count, kGrain, [&](int64_t begin, int64_t end) {
        if (!std::all_of(x + begin, x + end, [](T value) { return std::isfinite(value); })) finite = false;
        if (x != y) std::copy(x + begin, x + end, y + begin);
      });
      if (finite) return;
      const bool nan = std::any_of(x, x + count, [](T value) { return std::isnan(value); });
      throw Error(ErrorCode::kExecution, message + " : Tensor had " + (nan ? "NaN" : "Inf") + " values.");
    });
  });
}

}  // namespace slimnet::cpu
