// A kernel out of one function, so that an op's file holds little but what it queues.
#pragma once

#include <memory>
#include <string>
#include <type_traits>
#include <utility>

#include "backend/backend.h"
#include "backends/cudnn/stream.h"

namespace slimnet::cudnn {

// `run(queue, bindings)` queues the step, or `run(stream, bindings)` where it may wait for others like it. It is shared
// by all executors: it holds sizes, attributes and plans, no state, and neither allocates nor waits.
template <class Run>
std::unique_ptr<Kernel> KernelOf(std::string implementation, Run run, size_t scratch_bytes = 0) {
  class FunctionInvocation final : public Invocation {
   public:
    explicit FunctionInvocation(std::shared_ptr<const Run> function) : function_(std::move(function)) {}
    void Enqueue(Stream& stream, const Bindings& bindings) override {
      auto& own = static_cast<QueueStream&>(stream);
      if constexpr (std::is_invocable_v<const Run&, QueueStream&, const Bindings&>) {
        (*function_)(own, bindings);
      } else {
        (*function_)(own.queue(), bindings);
      }
    }

   private:
    std::shared_ptr<const Run> function_;
  };

  class FunctionKernel final : public Kernel {
   public:
    FunctionKernel(std::string chosen, Run function, size_t scratch)
        : chosen_(std::move(chosen)), function_(std::make_shared<const Run>(std::move(function))), scratch_(scratch) {}
    size_t scratch_bytes() const override { return scratch_; }
    std::string implementation() const override { return chosen_; }
    std::unique_ptr<Invocation> NewInvocation() const override {
      return std::make_unique<FunctionInvocation>(function_);
    }

   private:
    std::string chosen_;
    std::shared_ptr<const Run> function_;
    size_t scratch_;
  };

  return std::make_unique<FunctionKernel>(std::move(implementation), std::move(run), scratch_bytes);
}

// A step whose first result is zeros, however it is stored.
inline std::unique_ptr<Kernel> ZerosOf(const NodeContext& node) {
  return KernelOf("zeros", [bytes = node.output(0).bytes()](Queue& queue, const Bindings& bindings) {
    queue.Fill(bindings.outputs[0], std::byte{0}, bytes);
  });
}

}  // namespace slimnet::cudnn
