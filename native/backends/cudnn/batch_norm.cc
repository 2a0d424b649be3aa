#include "backends/cudnn/floats_of.h"
#include "backends/cudnn/kernel_of.h"
#include "backends/cudnn/kernels/norm.h"
#include "backends/cudnn/norm_shape.h"
#include "backends/cudnn/ops.h"
#include "backends/cudnn/own_tail.h"

namespace slimnet::cudnn {
namespace {

std::unique_ptr<Kernel> PrepareBatchNorm(const OpContext& context) {
  const NormShape shape =
      NormShapeOf(context.input(0).type.shape, std::get<BatchNormAttrs>(context.node.attrs).epsilon, false);
  const auto run = [=, x = FloatsOf(context.input(0)), y = FloatsOf(context.output(0)), tail = OwnTail(context)](
                       Queue& queue, const Bindings& b) {
    OwnTail::Room room;
    const NormParameters parameters{b.inputs[1], b.inputs[2], b.inputs[3], b.inputs[4]};
    NormInference(queue, shape, x(b.inputs[0]), parameters, y(b.outputs[0]), tail.At(b, room), b.scratch);
  };
  return KernelOf("own", run, NormInferenceScratchBytes(shape));
}

}  // namespace

constexpr OpEntry kBatchNorm{.reads_low_precision = true, .fuses = FusesOwnTail, .prepare = PrepareBatchNorm};

}  // namespace slimnet::cudnn
