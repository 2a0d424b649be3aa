// The kernel of ops that are one reduction.
#pragma once

#include "backends/cpu/kernel_of.h"
#include "backends/onednn/ops.h"
#include "backends/onednn/reduction.h"

namespace slimnet::onednn {

// y = factor * sum of x, or of its squares.
inline std::unique_ptr<Kernel> ReductionKernel(const Reduction& reduction, bool squares, double factor) {
  return cpu::KernelOf(
      "loop",
      [=](ParallelFor& pool, const Bindings& b) {
        Reduce(pool, reduction, squares, factor, cpu::In<float>(b, 0), cpu::Out<float>(b, 0), cpu::Scratch<void>(b));
      },
      ReductionScratch(reduction));
}

}  // namespace slimnet::onednn
