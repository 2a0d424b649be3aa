#include "backends/cudnn/kernel_of.h"
#include "backends/cudnn/kernels/move.h"
#include "backends/cudnn/ops.h"

namespace slimnet::cudnn {
namespace {

std::unique_ptr<Kernel> PrepareSize(const OpContext& context) {
  const int64_t count = ElementCount(std::get<SizeAttrs>(context.node.attrs).x_shape);
  return KernelOf("known", [=](Queue& queue, const Bindings& b) { StoreNumber(queue, count, b.outputs[0]); });
}

}  // namespace

constexpr OpEntry kSize{.prepare = PrepareSize};

}  // namespace slimnet::cudnn
