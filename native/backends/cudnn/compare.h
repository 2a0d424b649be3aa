// Comparisons as own kernels, of any dtype.
#pragma once

#include "backends/cudnn/kernel_of.h"
#include "backends/cudnn/kernels/cast.h"
#include "backends/cudnn/ops.h"
#include "backends/cudnn/own_types.h"

namespace slimnet::cudnn {

template <Comparison kComparison>
std::unique_ptr<Kernel> PrepareComparison(const OpContext& context) {
  const DType dtype = context.input(0).type.dtype;
  return KernelOf("own", [dtype, x = context.input(0).type.shape, y = context.input(1).type.shape,
                          z = context.output(0).type.shape](Queue& queue, const Bindings& b) {
    Compare(queue, kComparison, x, y, z, {b.inputs[0], dtype}, {b.inputs[1], dtype}, b.outputs[0]);
  });
}

}  // namespace slimnet::cudnn
