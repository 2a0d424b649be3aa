#include "backends/onednn/softmax.h"

#include <cmath>

namespace slimnet::onednn {

constexpr OpEntry kSoftmax{.prepare = [](const OpContext& context) {
  return RowKernel(context, [](const float* x, float* y, int64_t size) {
    const float largest = LargestOf(x, size);
    double sum = 0;
    for (int64_t i = 0; i < size; ++i) {
      y[i] = std::exp(x[i] - largest);
      sum += y[i];
    }
    const auto factor = static_cast<float>(1 / sum);
    for (int64_t i = 0; i < size; ++i) y[i] *= factor;
  });
}};

}  // namespace slimnet::onednn
