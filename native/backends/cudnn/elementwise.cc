#include "backends/cudnn/elementwise.h"

#include "backends/cudnn/floats_of.h"
#include "backends/cudnn/kernel_of.h"
#include "backends/cudnn/own_tail.h"

namespace slimnet::cudnn {

std::unique_ptr<Kernel> PrepareUnary(const OpContext& context, Unary op) {
  const int64_t count = ElementCount(context.output(0).type.shape);
  return KernelOf(
      "own", [=, x = FloatsOf(context.input(0)), y = FloatsOf(context.output(0))](Queue& queue, const Bindings& b) {
        Compute(queue, op, x(b.inputs[0]), y(b.outputs[0]), count);
      });
}

std::unique_ptr<Kernel> PrepareBinary(const OpContext& context, Binary op, float parameter) {
  const BinaryShape shape(context.input(0).type.shape, context.input(1).type.shape, context.output(0).type.shape);
  return KernelOf("own", [=, x = FloatsOf(context.input(0)), y = FloatsOf(context.input(1)),
                          z = FloatsOf(context.output(0)), tail = OwnTail(context)](Queue& queue, const Bindings& b) {
    OwnTail::Room room;
    Compute(queue, op, shape, x(b.inputs[0]), y(b.inputs[1]), z(b.outputs[0]), tail.At(b, room), parameter);
  });
}

}  // namespace slimnet::cudnn
