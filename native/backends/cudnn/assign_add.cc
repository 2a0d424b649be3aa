#include "backends/cudnn/kernels/cast.h"
#include "backends/cudnn/own_types.h"
#include "backends/cudnn/update_step.h"

namespace slimnet::cudnn {
namespace {

std::unique_ptr<Kernel> PrepareAssignAdd(const OpContext& context) {
  const TensorType& type = context.output(0).type;
  if (IsFloating(type.dtype)) return PrepareUpdate(context, AssignAddRule{});
  return KernelOf("own", [dtype = type.dtype, count = ElementCount(type.shape)](Queue& queue, const Bindings& b) {
    AddIntegers(queue, {b.inputs[0], dtype}, {b.inputs[1], dtype}, b.outputs[0], count);
  });
}

}  // namespace

constexpr OpEntry kAssignAdd{.floats = kNumbersWithoutFloat64, .prepare = PrepareAssignAdd};

}  // namespace slimnet::cudnn
