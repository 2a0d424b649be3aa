// Elementwise functions of one tensor, as plain loops: they wait for memory, not for arithmetic.
#pragma once

#include "backends/cpu/dispatch.h"
#include "backends/cpu/kernel_of.h"
#include "backends/onednn/ops.h"

namespace slimnet::onednn {

template <class Function>
std::unique_ptr<Kernel> UnaryKernel(const OpContext& context, Function function) {
  const int64_t count = ElementCount(context.output(0).type.shape);
  return cpu::KernelOf("loop", [=](ParallelFor& pool, const Bindings& b) {
    const float* x = cpu::In<float>(b, 0);
    float* y = cpu::Out<float>(b, 0);
    cpu::ForRange(pool, count, cpu::kGrain, [=](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) y[i] = function(x[i]);
    });
  });
}

}  // namespace slimnet::onednn
