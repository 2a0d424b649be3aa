// A kernel out of primitives and loops of our own around them.
#pragma once

#include <exception>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "backends/onednn/primitive_kernel.h"
#include "backends/onednn/stream.h"

namespace slimnet::onednn {

// `run(pool, bindings, primitives)` computes the step and calls `primitives()` as often as it likes: that runs all of
// them at the same time, each on one thread. Like cpu::KernelOf, `run` is shared by all executors. Generates the
// primitives' code: throws Error.
template <class Run>
std::unique_ptr<Kernel> KernelAround(const OpContext& context, const std::string& loops,
                                     std::vector<PrimitiveStep> primitives, size_t scratch_bytes, Run run) {
  struct Plan {
    dnnl::engine engine;
    std::vector<PrimitiveStep> primitives;
    Run run;
    std::string op, node;
  };

  class AroundInvocation final : public Invocation {
   public:
    explicit AroundInvocation(std::shared_ptr<const Plan> plan) : plan_(std::move(plan)) {
      for (const PrimitiveStep& primitive : plan_->primitives) calls_.emplace_back(plan_->engine, primitive);
      failures_.resize(calls_.size());
    }

    void Enqueue(Stream& stream, const Bindings& bindings) override {
      auto& onednn_stream = static_cast<OnednnStream&>(stream);
      plan_->run(onednn_stream.pool(), bindings, [&] { RunAll(onednn_stream, bindings); });
    }

   private:
    void RunAll(OnednnStream& stream, const Bindings& bindings) {
      const auto one = [&](int i) {
        const auto at = static_cast<size_t>(i);
        try {
          calls_[at].Run(stream.handle(), bindings, plan_->op, plan_->node);
        } catch (...) {
          failures_[at] = std::current_exception();
        }
      };
      stream.RunApart(static_cast<int>(calls_.size()), std::ref(one));
      for (std::exception_ptr& failure : failures_) {
        if (failure) std::rethrow_exception(std::exchange(failure, nullptr));
      }
    }

    std::shared_ptr<const Plan> plan_;
    std::vector<PrimitiveCall> calls_;
    std::vector<std::exception_ptr> failures_;
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

  const Prepared& first = *primitives.front().prepared;
  for (const PrimitiveStep& step : primitives) Guarded(first.what(), context, [&] { step.prepared->primitive(); });
  std::string implementation = loops + " + " + first.implementation();
  return std::make_unique<AroundKernel>(
      std::make_shared<const Plan>(Plan{context.engine.dnnl_engine(), std::move(primitives), std::move(run),
                                        std::string(Info(context.node.op).name), context.node.name}),
      std::move(implementation), scratch_bytes);
}

}  // namespace slimnet::onednn
