#include "backends/cpu/kernel_of.h"
#include "backends/cpu/kernels.h"

namespace slimnet::cpu {

std::unique_ptr<Kernel> PrepareSize(const NodeContext& node) {
  const int64_t count = ElementCount(std::get<SizeAttrs>(node.node.attrs).x_shape);
  return KernelOf("known", [count](ParallelFor&, const Bindings& b) { *Out<int64_t>(b, 0) = count; });
}

}  // namespace slimnet::cpu
