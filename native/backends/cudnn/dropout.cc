#include "backends/cudnn/kernels/dropout.h"

#include "backends/cudnn/kernel_of.h"
#include "backends/cudnn/ops.h"

namespace slimnet::cudnn {
namespace {

std::unique_ptr<Kernel> PrepareDropout(const OpContext& context) {
  const auto& attrs = std::get<DropoutAttrs>(context.node.attrs);
  const int64_t count = ElementCount(context.output(0).type.shape);
  return KernelOf("philox4x32", [count, seed = static_cast<uint64_t>(attrs.seed), keep = attrs.keep_prob](
                                    Queue& queue, const Bindings& b) {
    const DropoutDraw draw{
        .seed = seed, .step = b.draw.step, .first = static_cast<int64_t>(b.draw.microbatch) * count, .keep = keep};
    Dropout(queue, draw, Floats{b.inputs[0]}, Floats{b.outputs[0]}, count);
  });
}

}  // namespace

constexpr OpEntry kDropout{.prepare = PrepareDropout};

}  // namespace slimnet::cudnn
