#include <cmath>

#include "backends/cpu/dispatch.h"
#include "backends/cpu/kernel_of.h"
#include "backends/cpu/kernels.h"

namespace slimnet::cpu {
namespace {

// NaN before numbers, larger before smaller. Of equals neither.
template <class T>
bool Before(T a, T b) {
  if (std::isnan(a) || std::isnan(b)) return std::isnan(a) && !std::isnan(b);
  return a > b;
}

// Keeps the best k in order while it walks the row; an element goes behind its equals, which have lower indices.
template <class T>
void SelectRow(const T* row, int64_t size, int64_t k, T* values, int32_t* indices) {
  int64_t kept = 0;
  for (int64_t i = 0; i < size; ++i) {
    if (kept == k && !Before(row[i], values[k - 1])) continue;
    int64_t place = kept < k ? kept++ : k - 1;
    for (; place > 0 && Before(row[i], values[place - 1]); --place) {
      values[place] = values[place - 1];
      indices[place] = indices[place - 1];
    }
    values[place] = row[i];
    indices[place] = static_cast<int32_t>(i);
  }
}

}  // namespace

std::unique_ptr<Kernel> PrepareTopK(const NodeContext& node) {
  const Shape& shape = node.input(0).type.shape;
  const int64_t rows = RowCount(shape);
  const int64_t size = RowLength(shape);
  const int64_t k = std::get<TopKAttrs>(node.node.attrs).k;
  return ForFloat(node.input(0).type.dtype, [&](auto zero) {
    using T = decltype(zero);
    return KernelOf("insertion", [=](ParallelFor& pool, const Bindings& b) {
      const T* x = In<T>(b, 0);
      T* values = Out<T>(b, 0);
      auto* indices = Out<int32_t>(b, 1);
      ForRange(pool, rows, RowGrain(size), [=](int64_t begin, int64_t end) {
        for (int64_t r = begin; r < end; ++r) SelectRow(x + r * size, size, k, values + r * k, indices + r * k);
      });
    });
  });
}

}  // namespace slimnet::cpu
