#include "backends/reference/products.h"

#include <vector>

#include "backends/cpu/dispatch.h"
#include "backends/cpu/encoded.h"
#include "backends/cpu/quantize_filter.h"
#include "base/half.h"

namespace slimnet::reference {

Verdict SupportsProduct(const NodeContext& node) {
  if (!cpu::LowersPrecision(node)) return Verdict::Yes();
  return Verdict::No("the reference backend lowers precision by a step of its own");
}

cpu::FilterRounding RoundingOfFilter(const NodeContext& node) {
  if (!Info(node.node.op).product) return nullptr;
  const std::optional<Encoding>& encoding = node.input(0).encoding;
  if (!encoding) return nullptr;
  const Shape& shape = node.input(1).type.shape;
  const int64_t count = ElementCount(shape);
  if (encoding->dtype == DType::kBFloat16) {
    return [count](const float* from, float* to) {
      for (int64_t i = 0; i < count; ++i) to[i] = ToFloat(ToBFloat16(from[i]));
    };
  }
  const int64_t channels = cpu::RowLength(shape);
  return [count, channels](const float* from, float* to) {
    if (count == 0) return;
    std::vector<int8_t> q(static_cast<size_t>(count));
    std::vector<float> steps(static_cast<size_t>(channels));
    cpu::QuantizeFilter(from, count / channels, channels, 0, channels, 127, q.data(), steps.data());
    for (int64_t i = 0; i < count; ++i) {
      to[i] = static_cast<float>(q[static_cast<size_t>(i)]) * steps[static_cast<size_t>(i % channels)];
    }
  };
}

}  // namespace slimnet::reference
