// A kernel out of one primitive and loops of our own around it.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "backends/onednn/primitive_kernel.h"
#include "backends/onednn/stream.h"

namespace slimnet::onednn {

// `run(pool, bindings, call)` computes the step and calls `call()`, which runs the primitive, as often as it likes.
// Like cpu::KernelOf, `run` is shared by all executors. Generates the primitive's code: throws Error.
template <class Run>
std::unique_ptr<Kernel> KernelAround(const OpContext& context, const std::string& loops, PrimitiveStep primitive,
                                     size_t scratch_bytes, Run run) {
  struct Plan {
    dnnl::engine engine;
    PrimitiveStep primitive;
    Run run;
    std::string op, node;
  };

  class AroundInvocation final : public Invocation {
   public:
    explicit AroundInvocation(std::shared_ptr<const Plan> plan)
        : plan_(std::move(plan)), call_(plan_->engine, plan_->primitive) {}
    void Enqueue(Stream& stream, const Bindings& bindings) override {
      auto& onednn_stream = static_cast<OnednnStream&>(stream);
      plan_->run(onednn_stream.pool(), bindings,
                 [&] { call_.Run(onednn_stream.handle(), bindings, plan_->op, plan_->node); });
    }

   private:
    std::shared_ptr<const Plan> plan_;
    PrimitiveCall call_;
  };

  class AroundKernel final : public Kernel {
   public:
    AroundKernel(std::shared_ptr<const Plan> plan, std::string implementation, size_t scratch)
        : plan_(std::move(plan)), implementation_(std::move(implementation)), scratch_(scratch) {}
    size_t scratch_bytes() const override { return scratch_; }
    std::string implementation() const override { return implementation_; }
    std::unique_ptr<Invocation> NewInvocation() const override { return std::make_unique<AroundInvocation>(plan_); }

   private:
    std::shared_ptr<const Plan> plan_;
    std::string implementation_;
    size_t scratch_;
  };

  const Prepared& prepared = *primitive.prepared;
  Guarded(prepared.what(), context, [&] { prepared.primitive(); });
  std::string implementation = loops + " + " + prepared.implementation();
  return std::make_unique<AroundKernel>(
      std::make_shared<const Plan>(Plan{context.engine.dnnl_engine(), std::move(primitive), std::move(run),
                                        std::string(Info(context.node.op).name), context.node.name}),
      std::move(implementation), scratch_bytes);
}

}  // namespace slimnet::onednn
