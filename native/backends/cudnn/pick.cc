#include "backends/cudnn/complaints.h"
#include "backends/cudnn/kernel_of.h"
#include "backends/cudnn/kernels/classes.h"
#include "backends/cudnn/ops.h"
#include "backends/cudnn/rows_of.h"

namespace slimnet::cudnn {
namespace {

class PickComplainant final : public NodeComplainant {
 public:
  PickComplainant(const Node& node, int64_t size) : NodeComplainant(node), size_(size) {}
  [[noreturn]] void Complain(int64_t index, int64_t value) const override {
    Throw(OutOfRange("index", index, size_, value));
  }

 private:
  int64_t size_;
};

std::unique_ptr<Kernel> PreparePick(const OpContext& context) {
  const Rows rows = RowsOf(context.input(0).type.shape);
  const DType dtype = context.input(1).type.dtype;
  const auto complainant = std::make_shared<PickComplainant>(context.node, rows.length);
  return KernelOf("own", [=](Queue& queue, const Bindings& b) {
    Pick(queue, queue.Register(*complainant), rows, b.inputs[0], {b.inputs[1], dtype}, b.outputs[0]);
  });
}

}  // namespace

constexpr OpEntry kPick{.prepare = PreparePick};

}  // namespace slimnet::cudnn
