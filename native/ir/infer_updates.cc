// What changes variables.
#include "ir/infer.h"

namespace slimnet::infer {
namespace {

Types Assigned(const Types& inputs) {
  if (inputs[0].shape != inputs[1].shape) {
    Fail("The variable is " + ShapeText(inputs[0].shape) + ", the value " + ShapeText(inputs[1].shape) + ".");
  }
  return {inputs[0]};
}

// An update by a gradient: the variable and its slots, scalars, the gradient. The results are the new variable and
// slots.
template <class OpAttrs>
Types Updated(const OpAttrs&, const Types& inputs) {
  constexpr const OpInfo& op = Info(OpAttrs::kOp);
  const size_t slots = op.updates.size();
  for (size_t i = 0; i < inputs.size(); ++i) {
    const Shape& expected = i < slots || i + 1 == inputs.size() ? inputs[0].shape : Shape{};
    if (inputs[i].shape == expected) continue;
    Fail(std::string(op.inputs[i]) + ": expected " + ShapeText(expected) + ", received " + ShapeText(inputs[i].shape) +
         ".");
  }
  return {inputs.begin(), inputs.begin() + static_cast<std::ptrdiff_t>(slots)};
}

}  // namespace

Types Infer(const AssignAttrs&, const Types& inputs) { return Assigned(inputs); }
Types Infer(const AssignAddAttrs&, const Types& inputs) { return Assigned(inputs); }
Types Infer(const AssignMovingAverageAttrs&, const Types& inputs) { return Assigned(inputs); }

Types Infer(const AssignDebiasedMovingAverageAttrs&, const Types& inputs) {
  const TensorType& variable = inputs[0];
  const TensorType& biased = inputs[1];
  const TensorType& step = inputs[2];
  const TensorType& value = inputs[3];
  if (variable.shape != value.shape || variable.shape != biased.shape || !step.shape.empty()) {
    Fail("Expected three of one shape and a scalar step, received " + ShapeText(variable.shape) + ", " +
         ShapeText(biased.shape) + ", " + ShapeText(value.shape) + ", " + ShapeText(step.shape) + ".");
  }
  return {variable, biased, step};
}

Types Infer(const ApplyAdadeltaAttrs& attrs, const Types& inputs) { return Updated(attrs, inputs); }
Types Infer(const ApplyAdagradAttrs& attrs, const Types& inputs) { return Updated(attrs, inputs); }
Types Infer(const ApplyAdamAttrs& attrs, const Types& inputs) { return Updated(attrs, inputs); }
Types Infer(const ApplyAdamWAttrs& attrs, const Types& inputs) { return Updated(attrs, inputs); }
Types Infer(const ApplyCenteredRmsPropAttrs& attrs, const Types& inputs) { return Updated(attrs, inputs); }
Types Infer(const ApplyFtrlAttrs& attrs, const Types& inputs) { return Updated(attrs, inputs); }
Types Infer(const ApplyGradientDescentAttrs& attrs, const Types& inputs) { return Updated(attrs, inputs); }
Types Infer(const ApplyLarsAttrs& attrs, const Types& inputs) { return Updated(attrs, inputs); }
Types Infer(const ApplyMomentumAttrs& attrs, const Types& inputs) { return Updated(attrs, inputs); }
Types Infer(const ApplyRmsPropAttrs& attrs, const Types& inputs) { return Updated(attrs, inputs); }

}  // namespace slimnet::infer
