#include "backends/cudnn/kernel_of.h"
#include "backends/cudnn/kernels/classes.h"
#include "backends/cudnn/ops.h"

namespace slimnet::cudnn {
namespace {

std::unique_ptr<Kernel> PrepareOneHot(const OpContext& context) {
  const auto& attrs = std::get<OneHotAttrs>(context.node.attrs);
  const auto on = static_cast<float>(attrs.on_value);
  const auto off = static_cast<float>(attrs.off_value);
  const DType dtype = context.input(0).type.dtype;
  const int64_t count = ElementCount(context.input(0).type.shape);
  return KernelOf("own", [=, depth = attrs.depth](Queue& queue, const Bindings& b) {
    OneHot(queue, {b.inputs[0], dtype}, count, depth, on, off, b.outputs[0]);
  });
}

}  // namespace

constexpr OpEntry kOneHot{.prepare = PrepareOneHot};

}  // namespace slimnet::cudnn
