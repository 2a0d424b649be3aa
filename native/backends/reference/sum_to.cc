#include "backends/cpu/kernels.h"
#include "backends/cpu/stretched_axes.h"
#include "backends/reference/ops.h"
#include "backends/reference/reduction.h"

namespace slimnet::reference {
namespace {

std::unique_ptr<Kernel> PrepareSumTo(const NodeContext& node) {
  const std::vector<int64_t> axes = cpu::StretchedAxes(node.output(0).type.shape, node.input(0).type.shape);
  if (axes.empty()) return cpu::PrepareCopy(node);
  return Reduce(node, axes, [](double x) { return x; }, [](double sum, double) { return sum; });
}

}  // namespace

constexpr OpEntry kSumTo{.prepare = PrepareSumTo};

}  // namespace slimnet::reference
