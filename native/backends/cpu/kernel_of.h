// A kernel out of one function, so that an op's file holds little but its arithmetic.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "backend/backend.h"
#include "backends/cpu/bindings.h"
#include "backends/cpu/cpu_stream.h"

namespace slimnet::cpu {

// `run(pool, bindings)` computes the step. It is shared by all executors: it holds sizes and attributes, no state, and
// allocates nothing. It may throw Error{kExecution} for values that the op cannot take, but not from within a job.
template <class Run>
std::unique_ptr<Kernel> KernelOf(std::string implementation, Run run, size_t scratch_bytes = 0) {
  class FunctionInvocation final : public Invocation {
   public:
    explicit FunctionInvocation(const Run& function) : function_(function) {}
    void Enqueue(Stream& stream, const Bindings& bindings) override { function_(PoolOf(stream), bindings); }

   private:
    Run function_;
  };

  class FunctionKernel final : public Kernel {
   public:
    FunctionKernel(std::string chosen, Run function, size_t scratch)
        : chosen_(std::move(chosen)), function_(std::move(function)), scratch_(scratch) {}
    size_t scratch_bytes() const override { return scratch_; }
    std::string implementation() const override { return chosen_; }
    std::unique_ptr<Invocation> NewInvocation() const override {
      return std::make_unique<FunctionInvocation>(function_);
    }

   private:
    std::string chosen_;
    Run function_;
    size_t scratch_;
  };

  return std::make_unique<FunctionKernel>(std::move(implementation), std::move(run), scratch_bytes);
}

}  // namespace slimnet::cpu
