// Ops whose result has the shape of their inputs, stretched where they differ. Elementwise ops of one input have no
// rule of their own (infer.cc).
#include <algorithm>
#include <limits>

#include "ir/infer.h"

namespace slimnet::infer {
namespace {

Types SameRows(const Types& inputs) {
  LastDimension("x", inputs[0].shape);
  return {inputs[0]};
}

Types Binary(const char* op, const Types& inputs) {
  return {{inputs[0].dtype, Broadcast(op, inputs[0].shape, inputs[1].shape)}};
}

Types Compared(const char* op, const Types& inputs) { return {{DType::kBool, std::move(Binary(op, inputs)[0].shape)}}; }

}  // namespace

Types Infer(const ReorderAttrs&, const Types& inputs) { return {inputs[0]}; }
Types Infer(const AddAttrs&, const Types& inputs) { return Binary("add", inputs); }
Types Infer(const SubAttrs&, const Types& inputs) { return Binary("sub", inputs); }
Types Infer(const MulAttrs&, const Types& inputs) { return Binary("mul", inputs); }
Types Infer(const DivAttrs&, const Types& inputs) { return Binary("div", inputs); }
Types Infer(const DivNoNanAttrs&, const Types& inputs) { return Binary("div_no_nan", inputs); }
Types Infer(const PowAttrs&, const Types& inputs) { return Binary("pow", inputs); }
Types Infer(const MinimumAttrs&, const Types& inputs) { return Binary("minimum", inputs); }
Types Infer(const MaximumAttrs&, const Types& inputs) { return Binary("maximum", inputs); }
Types Infer(const LessAttrs&, const Types& inputs) { return Compared("less", inputs); }
Types Infer(const CheckNumericsAttrs&, const Types& inputs) { return {inputs[0]}; }
Types Infer(const EqualAttrs&, const Types& inputs) { return Compared("equal", inputs); }
Types Infer(const NotEqualAttrs&, const Types& inputs) { return Compared("not_equal", inputs); }
Types Infer(const CastAttrs& attrs, const Types& inputs) { return {{attrs.dtype, inputs[0].shape}}; }

Types Infer(const ReluBackwardAttrs&, const Types& inputs) {
  RequireGradientOf(inputs[0], inputs[1]);
  return {inputs[1]};
}

Types Infer(const SelectAttrs&, const Types& inputs) {
  return {
      {inputs[1].dtype, Broadcast("select", inputs[0].shape, Broadcast("select", inputs[1].shape, inputs[2].shape))}};
}

Types Infer(const SoftmaxAttrs&, const Types& inputs) { return SameRows(inputs); }
Types Infer(const LogSoftmaxAttrs&, const Types& inputs) { return SameRows(inputs); }

Types Infer(const BiasAddAttrs&, const Types& inputs) {
  RequireVector("bias", inputs[1], LastDimension("x", inputs[0].shape));
  return {inputs[0]};
}

Types Infer(const DropoutAttrs& attrs, const Types& inputs) {
  if (!(attrs.keep_prob > 0 && attrs.keep_prob <= 1)) {
    Fail("keep_prob: expected more than 0 and at most 1, received " + std::to_string(attrs.keep_prob) + ".");
  }
  if (attrs.seed < 0 || attrs.seed > std::numeric_limits<uint32_t>::max()) {
    Fail("seed: expected 0 to 2^32 - 1, received " + std::to_string(attrs.seed) + ".");
  }
  return {inputs[0]};
}

}  // namespace slimnet::infer
