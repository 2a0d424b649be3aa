#include "backends/cudnn/kernel_of.h"
#include "backends/cudnn/kernels/broadcast.h"
#include "backends/cudnn/kernels/rank.h"
#include "backends/cudnn/ops.h"

namespace slimnet::cudnn {
namespace {

std::unique_ptr<Kernel> PrepareArgmax(const OpContext& context) {
  const Shape& shape = context.input(0).type.shape;
  const int64_t attribute = std::get<ArgmaxAttrs>(context.node.attrs).axis;
  const auto axis = static_cast<size_t>(attribute < 0 ? attribute + static_cast<int64_t>(shape.size()) : attribute);
  const int64_t outer = CountOf(Dims(shape).first(axis));
  const int64_t size = shape[axis];
  const int64_t inner = CountOf(Dims(shape).subspan(axis + 1));
  return KernelOf(
      "own", [=](Queue& queue, const Bindings& b) { Argmax(queue, outer, size, inner, b.inputs[0], b.outputs[0]); });
}

}  // namespace

constexpr OpEntry kArgmax{.prepare = PrepareArgmax};

}  // namespace slimnet::cudnn
