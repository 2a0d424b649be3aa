#include <cmath>

#include "backends/onednn/softmax.h"

namespace slimnet::onednn {

constexpr OpEntry kLogSoftmax{.prepare = [](const OpContext& context) {
  return RowKernel(context, [](const float* x, float* y, int64_t size) {
    const float largest = LargestOf(x, size);
    double sum = 0;
    for (int64_t i = 0; i < size; ++i) sum += std::exp(x[i] - largest);
    // In double: log(sum) must not be lost beside a large difference, nor a small one beside log(sum).
    const double logarithm = std::log(sum);
    for (int64_t i = 0; i < size; ++i) y[i] = static_cast<float>(static_cast<double>(x[i]) - largest - logarithm);
  });
}};

}  // namespace slimnet::onednn
