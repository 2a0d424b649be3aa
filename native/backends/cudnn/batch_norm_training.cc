#include "backends/cudnn/floats_of.h"
#include "backends/cudnn/kernel_of.h"
#include "backends/cudnn/kernels/norm.h"
#include "backends/cudnn/norm_shape.h"
#include "backends/cudnn/ops.h"
#include "backends/cudnn/own_tail.h"

namespace slimnet::cudnn {
namespace {

std::unique_ptr<Kernel> PrepareBatchNormTraining(const OpContext& context) {
  const auto& attrs = std::get<BatchNormTrainingAttrs>(context.node.attrs);
  const NormShape shape = NormShapeOf(context.input(0).type.shape, attrs.epsilon, attrs.bessel);
  const auto run = [=, x = FloatsOf(context.input(0)), y = FloatsOf(context.output(0)), tail = OwnTail(context)](
                       Queue& queue, const Bindings& b) {
    OwnTail::Room room;
    const NormParameters parameters{b.inputs[1], b.inputs[2], b.outputs[1], b.outputs[2]};
    NormTraining(queue, shape, x(b.inputs[0]), parameters, y(b.outputs[0]), tail.At(b, room), b.scratch);
  };
  return KernelOf("own", run, NormTrainingScratchBytes(shape));
}

}  // namespace

constexpr OpEntry kBatchNormTraining{
    .reads_low_precision = true, .fuses = FusesOwnTail, .prepare = PrepareBatchNormTraining};

}  // namespace slimnet::cudnn
