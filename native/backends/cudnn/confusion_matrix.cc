#include "backends/cudnn/complaints.h"
#include "backends/cudnn/kernel_of.h"
#include "backends/cudnn/kernels/classes.h"
#include "backends/cudnn/ops.h"

namespace slimnet::cudnn {
namespace {

class LabelComplainant final : public NodeComplainant {
 public:
  LabelComplainant(const Node& node, int64_t count, int64_t classes)
      : NodeComplainant(node), count_(count), classes_(classes) {}
  [[noreturn]] void Complain(int64_t index, int64_t value) const override {
    if (index < count_) Throw(OutOfRange("labels", index, classes_, value));
    Throw(OutOfRange("predictions", index - count_, classes_, value));
  }

 private:
  int64_t count_, classes_;
};

std::unique_ptr<Kernel> PrepareConfusionMatrix(const OpContext& context) {
  const int64_t classes = std::get<ConfusionMatrixAttrs>(context.node.attrs).num_classes;
  const int64_t count = ElementCount(context.input(0).type.shape);
  const DType labels = context.input(0).type.dtype;
  const DType predictions = context.input(1).type.dtype;
  const DType weights = context.input(2).type.dtype;
  const auto complainant = std::make_shared<LabelComplainant>(context.node, count, classes);
  return KernelOf("own", [=](Queue& queue, const Bindings& b) {
    ConfusionMatrix(queue, queue.Register(*complainant), count, classes, {b.inputs[0], labels},
                    {b.inputs[1], predictions}, {b.inputs[2], weights}, b.outputs[0]);
  });
}

}  // namespace

constexpr OpEntry kConfusionMatrix{.floats = cpu::FloatTypes(true), .prepare = PrepareConfusionMatrix};

}  // namespace slimnet::cudnn
