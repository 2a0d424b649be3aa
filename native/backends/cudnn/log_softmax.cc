#include "backends/cudnn/kernel_of.h"
#include "backends/cudnn/kernels/softmax.h"
#include "backends/cudnn/ops.h"
#include "backends/cudnn/rows_of.h"

namespace slimnet::cudnn {
namespace {

std::unique_ptr<Kernel> PrepareLogSoftmax(const OpContext& context) {
  const Rows rows = RowsOf(context.input(0).type.shape);
  return KernelOf("own", [=](Queue& queue, const Bindings& b) {
    Softmax(queue, rows, true, Floats{b.inputs[0]}, Floats{b.outputs[0]});
  });
}

}  // namespace

constexpr OpEntry kLogSoftmax{.prepare = PrepareLogSoftmax};

}  // namespace slimnet::cudnn
