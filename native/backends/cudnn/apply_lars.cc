#include "backends/cudnn/update_step.h"

namespace slimnet::cudnn {
namespace {

std::unique_ptr<Kernel> PrepareApplyLars(const OpContext& context) {
  const auto& a = std::get<ApplyLarsAttrs>(context.node.attrs);
  const LarsRule rule{.momentum = AsFloat32(a.momentum),
                      .decay = AsFloat32(a.weight_decay),
                      .eeta = AsFloat32(a.eeta),
                      .epsilon = AsFloat32(a.epsilon),
                      .nesterov = a.use_nesterov,
                      .squares = nullptr};
  const int64_t count = ElementCount(context.output(0).type.shape);
  const auto run = [=](Queue& queue, const Bindings& b) {
    ApplyLars(queue, rule, UpdateAt<LarsRule>(b, count), b.scratch);
  };
  return KernelOf("own", run, LarsScratchBytes(count));
}

}  // namespace

constexpr OpEntry kApplyLars{.prepare = PrepareApplyLars};

}  // namespace slimnet::cudnn
