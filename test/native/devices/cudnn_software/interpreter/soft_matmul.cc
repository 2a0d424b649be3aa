#include <algorithm>

#include "native/devices/cudnn_software/interpreter/soft_product.h"
#include "native/devices/cudnn_software/interpreter/soft_run.h"

namespace slimnet::testing {

void SoftMatmul(SoftRun& run, const SoftNode& node) {
  const SoftValue &a = run.In(node, "matA"), &b = run.In(node, "matB");
  SoftValue c = run.New(node, "matC");
  if (a.extents.size() != 3 || b.extents.size() != 3 || c.extents.size() != 3) RefuseNode(node, "it has batches");
  const int64_t batch = c.extents[0], m = c.extents[1], n = c.extents[2], k = a.extents[2];
  const auto fits = [&](int64_t extent) { return extent == batch || extent == 1; };
  if (a.extents[1] != m || b.extents[1] != k || b.extents[2] != n || !fits(a.extents[0]) || !fits(b.extents[0])) {
    RefuseNode(node, "its extents do not fit one another");
  }
  std::ranges::fill(c.elements, 0.0);
  for (int64_t i = 0; i < batch; ++i) {
    AddProduct(m, n, k, a.elements.data() + (a.extents[0] == 1 ? 0 : i * m * k), k,
               b.elements.data() + (b.extents[0] == 1 ? 0 : i * k * n), n, c.elements.data() + i * m * n, n);
  }
  run.Out(node, "matC", std::move(c));
}

}  // namespace slimnet::testing
