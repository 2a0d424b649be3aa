// A kernel out of primitives and loops of our own around them.
#pragma once

#include <algorithm>
#include <exception>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "backends/onednn/primitive_kernel.h"
#include "backends/onednn/stream.h"

namespace slimnet::onednn {

// Pieces of the repetitions for each thread: many, so that a thread which is late leaves its share to others; oneDNN's
// objects for the arguments, which each piece has of its own, are what they cost.
constexpr int kPiecesOfThread = 9;

// `run(pool, bindings, primitives)` computes the step and calls `primitives()` as often as it likes: that runs the
// primitives one after the other, `repetitions` times, several repetitions at the same time, each on one thread;
// Argument::stride is what tells them apart. Like cpu::KernelOf, `run` is shared by all executors. Generates the
// primitives' code: throws Error.
template <class Run>
std::unique_ptr<Kernel> KernelAround(const OpContext& context, const std::string& loops,
                                     std::vector<PrimitiveStep> primitives, int repetitions, size_t scratch_bytes,
                                     Run run) {
  struct Plan {
    dnnl::engine engine;
    std::vector<PrimitiveStep> primitives;
    int repetitions;
    int pieces;
    Run run;
    std::string op, node;
  };

  class AroundInvocation final : public Invocation {
   public:
    explicit AroundInvocation(std::shared_ptr<const Plan> plan) : plan_(std::move(plan)) {
      calls_.resize(static_cast<size_t>(plan_->pieces));
      for (std::vector<PrimitiveCall>& calls : calls_) {
        for (const PrimitiveStep& primitive : plan_->primitives) calls.emplace_back(plan_->engine, primitive);
      }
      failures_.resize(calls_.size());
    }

    void Enqueue(Stream& stream, const Bindings& bindings) override {
      auto& onednn_stream = static_cast<OnednnStream&>(stream);
      plan_->run(onednn_stream.pool(), bindings, [&] { RunAll(onednn_stream, bindings); });
    }

   private:
    void RunAll(OnednnStream& stream, const Bindings& bindings) {
      const auto piece = [&](int i) {
        const auto at = static_cast<size_t>(i);
        try {
          const int end = plan_->repetitions * (i + 1) / plan_->pieces;
          for (int r = plan_->repetitions * i / plan_->pieces; r < end; ++r) {
            for (PrimitiveCall& call : calls_[at])
              call.Run(stream.handle(), bindings, plan_->op, plan_->node, static_cast<size_t>(r));
          }
        } catch (...) {
          failures_[at] = std::current_exception();
        }
      };
      stream.RunApart(static_cast<int>(calls_.size()), std::ref(piece));
      for (std::exception_ptr& failure : failures_) {
        if (failure) std::rethrow_exception(std::exchange(failure, nullptr));
      }
    }

    std::shared_ptr<const Plan> plan_;
    std::vector<std::vector<PrimitiveCall>> calls_;  // of each piece
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

  for (const PrimitiveStep& primitive : primitives) {
    Guarded(primitive.prepared->what(), context, [&] { primitive.prepared->primitive(); });
  }
  std::string implementation = loops + " + " + primitives.front().prepared->implementation();
  const int threads = context.engine.threads();
  const int pieces = threads == 1 ? 1 : std::min(repetitions, threads * kPiecesOfThread);
  return std::make_unique<AroundKernel>(
      std::make_shared<const Plan>(Plan{context.engine.dnnl_engine(), std::move(primitives), repetitions, pieces,
                                        std::move(run), std::string(Info(context.node.op).name), context.node.name}),
      std::move(implementation), scratch_bytes);
}

}  // namespace slimnet::onednn
