#include "backends/cudnn/norm_backward.h"

#include "backends/cudnn/floats_of.h"
#include "backends/cudnn/kernel_of.h"
#include "backends/cudnn/norm_shape.h"
#include "backends/cudnn/own_tail.h"

namespace slimnet::cudnn {

std::unique_ptr<Kernel> PrepareNormBackward(const OpContext& context, double epsilon, bool bessel,
                                            std::optional<double> limit, const NormBackwardPorts& ports) {
  const NormShape shape = NormShapeOf(context.input(0).type.shape, epsilon, bessel);
  const NormMask mask{limit.has_value(), static_cast<float>(limit.value_or(0))};
  const auto run = [=, x = FloatsOf(context.input(0)), dy = FloatsOf(context.input(ports.dy)),
                    dx = FloatsOf(context.output(0)), tail = OwnTail(context)](Queue& queue, const Bindings& b) {
    OwnTail::Room room;
    const NormParameters parameters{b.inputs[ports.scale], mask.on ? b.inputs[ports.offset] : DevicePtr(),
                                    b.inputs[ports.mean], b.inputs[ports.variance]};
    NormBackward(queue, shape, x(b.inputs[0]), dy(b.inputs[ports.dy]), parameters, mask, dx(b.outputs[0]), b.outputs[1],
                 b.outputs[2], tail.At(b, room), b.scratch);
  };
  return KernelOf("own", run, NormBackwardScratchBytes(shape));
}

}  // namespace slimnet::cudnn
