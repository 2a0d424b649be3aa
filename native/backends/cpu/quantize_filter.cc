#include "backends/cpu/quantize_filter.h"

#include <algorithm>
#include <cmath>

#include "base/code.h"

namespace slimnet::cpu {
namespace {

int8_t Quantize(float value, float step, float levels) {
  const float x = value / step;
  return static_cast<int8_t>(NearestWhole(x == x ? x : 0.0F, -levels, levels));
}

void QuantizeRow(const float* __restrict values, const float* __restrict steps, int64_t count, float levels,
                 int8_t* __restrict q) {
  for (int64_t i = 0; i < count; ++i) q[i] = Quantize(values[i], steps[i], levels);
}

}  // namespace

void QuantizeFilter(const float* filter, int64_t rows, int64_t channels, int64_t begin, int64_t end, int levels,
                    int8_t* q, float* steps) {
  const auto most = static_cast<float>(levels);
  std::fill(steps + begin, steps + end, 0.0F);
  for (int64_t row = 0; row < rows; ++row) {
    const float* values = filter + row * channels;
    for (int64_t c = begin; c < end; ++c) steps[c] = std::max(steps[c], std::fabs(values[c]));
  }
  for (int64_t c = begin; c < end; ++c) {
    const float step = steps[c] / most;
    steps[c] = step > 0 && std::isfinite(step) ? step : 1.0F;
  }
  for (int64_t row = 0; row < rows; ++row) {
    const int64_t at = row * channels + begin;
    QuantizeRow(filter + at, steps + begin, end - begin, most, q + at);
  }
}

}  // namespace slimnet::cpu
