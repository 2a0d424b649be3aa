// Steps that make new values of variables by a rule, element by element.
#pragma once

#include "backends/cudnn/kernel_of.h"
#include "backends/cudnn/kernels/update.h"
#include "backends/cudnn/ops.h"

namespace slimnet::cudnn {

// Inputs: the state, the scalars, the gradient. Outputs: the state, which may lie where it lay.
template <class Rule>
Update UpdateAt(const Bindings& b, int64_t count) {
  Update update{.count = count, .gradient = b.inputs.back()};
  for (size_t k = 0; k < Rule::kState; ++k) {
    update.old[k] = b.inputs[k];
    update.fresh[k] = b.outputs[k];
  }
  for (size_t k = 0; k < Rule::kScalars; ++k) update.scalars[k] = b.inputs[Rule::kState + k];
  return update;
}

template <class Rule>
std::unique_ptr<Kernel> PrepareUpdate(const OpContext& context, const Rule& rule) {
  const int64_t count = ElementCount(context.output(0).type.shape);
  return KernelOf("own",
                  [=](QueueStream& stream, const Bindings& b) { stream.Gather(rule, UpdateAt<Rule>(b, count)); });
}

}  // namespace slimnet::cudnn
