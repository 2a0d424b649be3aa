// Behind a batch norm in training there often is a rectifier, and nothing else reads what is between them. On the way
// back, what the rectifier cut off is seen from the norm's input, which is read anyway: so the gradient between the two
// is never written, and the rectifier's result is not read.
#include <cmath>

#include "passes/edit.h"
#include "passes/passes.h"

namespace slimnet {
namespace {

class NormBackwardFuser {
 public:
  NormBackwardFuser(Program& program, const Backend& backend) : program_(program), backend_(backend), uses_(program) {}

  void Run() {
    for (Node& node : program_.nodes) {
      if (node.op == OpKind::kBatchNormTrainingBackward) Fuse(node);
    }
    RemoveDeadNodes(program_);
  }

 private:
  // Null for what this program does not make.
  const Node* MakerOf(ValueId value) const {
    const int32_t index = uses_.producer[value];
    return index < 0 ? nullptr : &program_.nodes[static_cast<size_t>(index)];
  }

  // The batch norm whose rectified result a mask was made for, if the mask cuts the norm's own result at the same
  // places.
  const Node* NormBehind(const Node& mask) const {
    const Node* relu = MakerOf(mask.inputs[0]);
    if (relu == nullptr || (relu->op != OpKind::kRelu && relu->op != OpKind::kRelu6)) return nullptr;
    const double limit = std::get<ReluBackwardAttrs>(mask.attrs).limit;
    if (relu->op == OpKind::kRelu6 && limit > 6 && !std::isinf(limit)) return nullptr;
    const Node* norm = MakerOf(relu->inputs[0]);
    const bool fits = norm->op == OpKind::kBatchNormTraining && norm->outputs[0] == relu->inputs[0];
    return fits ? norm : nullptr;
  }

  void Fuse(Node& node) const {
    const auto& attrs = std::get<BatchNormTrainingBackwardAttrs>(node.attrs);
    const Node* mask = MakerOf(node.inputs[4]);
    if (mask->op != OpKind::kReluBackward || !uses_.SingleReader(node.inputs[4])) return;
    const Node* norm = NormBehind(*mask);
    if (norm == nullptr || norm->inputs[0] != node.inputs[0] || norm->inputs[1] != node.inputs[1] ||
        norm->outputs[1] != node.inputs[2] || norm->outputs[2] != node.inputs[3]) {
      return;
    }
    const auto& of_norm = std::get<BatchNormTrainingAttrs>(norm->attrs);
    if (of_norm.epsilon != attrs.epsilon || of_norm.bessel != attrs.bessel) return;
    Node fused = node;
    fused.op = OpKind::kBatchNormTrainingReluBackward;
    fused.attrs =
        BatchNormTrainingReluBackwardAttrs{attrs.epsilon, attrs.bessel, std::get<ReluBackwardAttrs>(mask->attrs).limit};
    fused.inputs = {node.inputs[0], node.inputs[1], norm->inputs[2], node.inputs[2], node.inputs[3], mask->inputs[1]};
    if (backend_.Supports({program_, fused})) node = std::move(fused);
  }

  Program& program_;
  const Backend& backend_;
  const Uses uses_;  // of the program as it was: what is read by nobody any more is removed at the end
};

}  // namespace

void FuseNormBackward(Program& program, const Backend& backend) {
  // Who looks at the values wants to see each.
  if (!program.precision.observe) NormBackwardFuser(program, backend).Run();
}

}  // namespace slimnet
