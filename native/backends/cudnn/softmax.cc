#include "backends/cudnn/kernels/softmax.h"

#include "backends/cudnn/kernel_of.h"
#include "backends/cudnn/ops.h"
#include "backends/cudnn/rows_of.h"

namespace slimnet::cudnn {
namespace {

std::unique_ptr<Kernel> PrepareSoftmax(const OpContext& context) {
  const Rows rows = RowsOf(context.input(0).type.shape);
  return KernelOf("own", [=](Queue& queue, const Bindings& b) {
    Softmax(queue, rows, false, Floats{b.inputs[0]}, Floats{b.outputs[0]});
  });
}

}  // namespace

constexpr OpEntry kSoftmax{.prepare = PrepareSoftmax};

}  // namespace slimnet::cudnn
