#include <cstring>

#include "backends/cpu/kernel_of.h"
#include "backends/cpu/kernels.h"

namespace slimnet::cpu {

std::unique_ptr<Kernel> PrepareCopy(const NodeContext& node) {
  const size_t bytes = node.output(0).bytes();
  return KernelOf("copy", [bytes](ParallelFor&, const Bindings& b) {
    if (b.inputs[0] != b.outputs[0] && bytes > 0) std::memcpy(Out<void>(b, 0), In<void>(b, 0), bytes);
  });
}

}  // namespace slimnet::cpu
