#include "backends/cudnn/kernel_of.h"
#include "backends/cudnn/kernels/rank.h"
#include "backends/cudnn/ops.h"
#include "backends/cudnn/rows_of.h"

namespace slimnet::cudnn {
namespace {

std::unique_ptr<Kernel> PrepareInTopK(const OpContext& context) {
  const Rows rows = RowsOf(context.input(0).type.shape);
  const int64_t k = std::get<InTopKAttrs>(context.node.attrs).k;
  const DType targets = context.input(1).type.dtype;
  return KernelOf("own", [=](Queue& queue, const Bindings& b) {
    InTopK(queue, rows, k, b.inputs[0], b.inputs[1], targets, b.outputs[0]);
  });
}

}  // namespace

constexpr OpEntry kInTopK{.prepare = PrepareInTopK};

}  // namespace slimnet::cudnn
