#include "backends/cudnn/reduction.h"

#include "backends/cudnn/floats_of.h"
#include "backends/cudnn/kernel_of.h"

namespace slimnet::cudnn {

std::unique_ptr<Kernel> PrepareSum(const OpContext& context, const Reduction& reduction, const SumOf& of) {
  const auto run = [=, x = FloatsOf(context.input(0)), y = FloatsOf(context.output(0))](Queue& queue,
                                                                                        const Bindings& b) {
    Sum(queue, reduction, of.squares, of.divisor, x(b.inputs[0]), y(b.outputs[0]), b.scratch);
  };
  return KernelOf("own", run, reduction.scratch_bytes(1));
}

}  // namespace slimnet::cudnn
