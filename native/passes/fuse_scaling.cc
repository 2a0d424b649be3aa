// Pictures come as bytes. What makes floats of them is followed by a few sums and products with a number for each
// channel (less the mean, over the deviation): the cast does those at once, where the backend can, instead of a pass
// over the pictures for each.
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "passes/edit.h"
#include "passes/passes.h"

namespace slimnet {
namespace {

class ScalingFuser {
 public:
  ScalingFuser(Program& program, const Backend& backend)
      : program_(program), backend_(backend), uses_(program), absorbed_(program.nodes.size(), false) {}

  void Run() {
    const size_t count = program_.nodes.size();
    for (size_t i = 0; i < count; ++i) {
      if (program_.nodes[i].op == OpKind::kCast) Extend(i);
    }
    std::vector<Node> kept;
    for (size_t i = 0; i < program_.nodes.size(); ++i) {
      if (i >= count || !absorbed_[i]) kept.push_back(std::move(program_.nodes[i]));
    }
    program_.nodes = std::move(kept);
    SortNodes(program_);
    RemoveDeadNodes(program_);  // what was made for steps that the backend refuses
  }

 private:
  struct Step {
    PostOp::Kind kind = PostOp::Kind::kBias;
    ValueId number = kNoValue;
    bool inverted = false;  // what is subtracted, or divided by
  };

  void Extend(size_t cast) {
    for (;;) {
      const ValueId tail = program_.nodes[cast].outputs[0];
      if (!uses_.SingleReader(tail)) return;
      const auto reader = static_cast<size_t>(uses_.readers[tail][0]);
      const std::optional<Step> step = StepOf(program_.nodes[reader], tail);
      if (!step) return;
      const PostOp post{step->kind, Operand(program_.nodes[reader].name, *step, program_.values[tail].type)};
      Node& node = program_.nodes[cast];
      if (!backend_.Fuses({program_, node}, post)) return;
      node.post_ops.push_back(post);
      node.outputs[0] = program_.nodes[reader].outputs[0];
      absorbed_[reader] = true;
    }
  }

  std::optional<Step> StepOf(const Node& node, ValueId tail) const {
    if (!node.post_ops.empty() || node.inputs.size() != 2) return std::nullopt;
    const size_t port = node.inputs[0] == tail ? 0 : 1;
    const ValueId number = node.inputs[1 - port];
    if (!IsByChannel(program_.values[number].type, program_.values[tail].type)) return std::nullopt;
    switch (node.op) {
      case OpKind::kAdd:
        return Step{PostOp::Kind::kBias, number};
      case OpKind::kMul:
        return Step{PostOp::Kind::kScale, number};
      case OpKind::kSub:
        return port == 0 ? std::optional(Step{PostOp::Kind::kBias, number, true}) : std::nullopt;
      case OpKind::kDiv:
        return port == 0 ? std::optional(Step{PostOp::Kind::kScale, number, true}) : std::nullopt;
      default:
        return std::nullopt;
    }
  }

  // One number, or one for each channel.
  static bool IsByChannel(const TensorType& number, const TensorType& image) {
    if (image.shape.empty() || number.dtype != image.dtype || number.shape.size() > image.shape.size()) return false;
    const int64_t count = ElementCount(number.shape);
    return count == 1 || (count == image.shape.back() && number.shape.back() == count);
  }

  // The numbers as what is added or multiplied: one for each channel. Appends nodes: takes no references into lists.
  ValueId Operand(std::string name, const Step& step, TensorType image) {
    const Shape channels{image.shape.back()};
    ValueId number = step.number;
    if (step.inverted) {
      const bool sum = step.kind == PostOp::Kind::kBias;
      const ValueId one =
          AppendConstant(program_, {image.dtype, {}}, sum ? -1 : 1, name + (sum ? "/minus_one" : "/one"));
      number = sum ? AppendNode(program_, MulAttrs{}, name + "/negative", {number, one})
                   : AppendNode(program_, DivAttrs{}, name + "/inverse", {one, number});
    }
    const Shape shape = program_.values[number].type.shape;
    if (shape == channels) return number;
    if (ElementCount(shape) == channels[0]) {
      return AppendNode(program_, ReshapeAttrs{channels}, name + "/by_channel", {number});
    }
    if (shape.size() > 1) number = AppendNode(program_, ReshapeAttrs{{1}}, name + "/number", {number});
    return AppendNode(program_, BroadcastToAttrs{channels}, name + "/by_channel", {number});
  }

  Program& program_;
  const Backend& backend_;
  const Uses uses_;  // of the program as it was; a value keeps its number when its node is absorbed
  std::vector<bool> absorbed_;
};

}  // namespace

void FuseScaling(Program& program, const Backend& backend) {
  // Who looks at the values wants to see each.
  if (!program.precision.observe) ScalingFuser(program, backend).Run();
}

}  // namespace slimnet
