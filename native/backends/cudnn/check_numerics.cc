#include "backends/cudnn/complaints.h"
#include "backends/cudnn/kernel_of.h"
#include "backends/cudnn/kernels/classes.h"
#include "backends/cudnn/ops.h"

namespace slimnet::cudnn {
namespace {

class NumericsComplainant final : public NodeComplainant {
 public:
  NumericsComplainant(const Node& node, std::string message) : NodeComplainant(node), message_(std::move(message)) {}
  [[noreturn]] void Complain(int64_t index, int64_t) const override {
    Throw(message_ + " : Tensor had " + (index == kFoundNan ? "NaN" : "Inf") + " values.");
  }

 private:
  std::string message_;
};

std::unique_ptr<Kernel> PrepareCheckNumerics(const OpContext& context) {
  const int64_t count = ElementCount(context.output(0).type.shape);
  const auto complainant =
      std::make_shared<NumericsComplainant>(context.node, std::get<CheckNumericsAttrs>(context.node.attrs).message);
  return KernelOf("own", [=](Queue& queue, const Bindings& b) {
    CheckNumerics(queue, queue.Register(*complainant), b.inputs[0], b.outputs[0], count);
  });
}

}  // namespace

constexpr OpEntry kCheckNumerics{.prepare = PrepareCheckNumerics};

}  // namespace slimnet::cudnn
