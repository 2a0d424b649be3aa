#include "backends/cudnn/kernels/cast.h"
#include "backends/cudnn/own_types.h"
#include "backends/cudnn/update_step.h"

namespace slimnet::cudnn {
namespace {

// In float32 together with other updates; sums of metrics, counters in float64 and integers alone.
std::unique_ptr<Kernel> PrepareAssignAdd(const OpContext& context) {
  const TensorType& type = context.output(0).type;
  if (type.dtype == DType::kFloat32) return PrepareUpdate(context, AssignAddRule{});
  return KernelOf("own", [dtype = type.dtype, count = ElementCount(type.shape)](Queue& queue, const Bindings& b) {
    AddNumbers(queue, {b.inputs[0], dtype}, {b.inputs[1], dtype}, b.outputs[0], count);
  });
}

}  // namespace

constexpr OpEntry kAssignAdd{.floats = kNumbers, .prepare = PrepareAssignAdd};

}  // namespace slimnet::cudnn
