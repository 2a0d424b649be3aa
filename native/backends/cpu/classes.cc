// Ops on class numbers.
#include <algorithm>
#include <cmath>

#include "backends/cpu/dispatch.h"
#include "backends/cpu/indices.h"
#include "backends/cpu/kernel_of.h"
#include "backends/cpu/kernels.h"

namespace slimnet::cpu {
namespace {

template <class T>
bool InTopK(const T* row, int64_t size, int64_t target, int64_t k) {
  if (target < 0 || target >= size || !std::all_of(row, row + size, [](T x) { return std::isfinite(x); })) return false;
  const T wanted = row[target];
  return std::count_if(row, row + size, [=](T x) { return x > wanted; }) < k;
}

}  // namespace

std::unique_ptr<Kernel> PreparePick(const NodeContext& node) {
  const int64_t rows = RowCount(node.input(0).type.shape);
  const int64_t size = RowLength(node.input(0).type.shape);
  const Indices indices(node.input(1).type.dtype);
  return ForFloat(node.input(0).type.dtype, [&](auto zero) {
    using T = decltype(zero);
    return KernelOf("loop", [=](ParallelFor&, const Bindings& b) {
      const void* index = In<void>(b, 1);
      indices.Check("index", index, rows, size);
      const T* x = In<T>(b, 0);
      T* y = Out<T>(b, 0);
      for (int64_t r = 0; r < rows; ++r) y[r] = x[r * size + indices.At(index, r)];
    });
  });
}

std::unique_ptr<Kernel> PrepareInTopK(const NodeContext& node) {
  const int64_t rows = RowCount(node.input(0).type.shape);
  const int64_t size = RowLength(node.input(0).type.shape);
  const int64_t k = std::get<InTopKAttrs>(node.node.attrs).k;
  const Indices indices(node.input(1).type.dtype);
  return ForFloat(node.input(0).type.dtype, [&](auto zero) {
    using T = decltype(zero);
    return KernelOf("loop", [=](ParallelFor& pool, const Bindings& b) {
      const T* x = In<T>(b, 0);
      const void* targets = In<void>(b, 1);
      auto* y = Out<uint8_t>(b, 0);
      ForRange(pool, rows, RowGrain(size), [&](int64_t begin, int64_t end) {
        for (int64_t r = begin; r < end; ++r) {
          y[r] = InTopK(x + r * size, size, indices.At(targets, r), k) ? 1 : 0;
        }
      });
    });
  });
}

std::unique_ptr<Kernel> PrepareConfusionMatrix(const NodeContext& node) {
  const int64_t classes = std::get<ConfusionMatrixAttrs>(node.node.attrs).num_classes;
  const int64_t count = ElementCount(node.input(0).type.shape);
  const Indices labels(node.input(0).type.dtype);
  const Indices predictions(node.input(1).type.dtype);
  return ForFloat(node.output(0).type.dtype, [&](auto zero) {
    using T = decltype(zero);
    return KernelOf("loop", [=](ParallelFor&, const Bindings& b) {
      const void* label = In<void>(b, 0);
      const void* prediction = In<void>(b, 1);
      labels.Check("labels", label, count, classes);
      predictions.Check("predictions", prediction, count, classes);
      const T* weights = In<T>(b, 2);
      T* y = Out<T>(b, 0);
      std::fill_n(y, classes * classes, T{0});
      for (int64_t i = 0; i < count; ++i) {
        y[labels.At(label, i) * classes + predictions.At(prediction, i)] += weights[i];
      }
    });
  });
}

}  // namespace slimnet::cpu
