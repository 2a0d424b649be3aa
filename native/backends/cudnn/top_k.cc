#include "backends/cudnn/kernel_of.h"
#include "backends/cudnn/kernels/rank.h"
#include "backends/cudnn/ops.h"
#include "backends/cudnn/rows_of.h"

namespace slimnet::cudnn {
namespace {

std::unique_ptr<Kernel> PrepareTopK(const OpContext& context) {
  const Rows rows = RowsOf(context.input(0).type.shape);
  const int64_t k = std::get<TopKAttrs>(context.node.attrs).k;
  return KernelOf(
      "own", [=](Queue& queue, const Bindings& b) { TopK(queue, rows, k, b.inputs[0], b.outputs[0], b.outputs[1]); });
}

}  // namespace

constexpr OpEntry kTopK{.prepare = PrepareTopK};

}  // namespace slimnet::cudnn
