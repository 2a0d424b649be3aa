#include "ir/infer.h"

#include <variant>

#include "base/error.h"

namespace slimnet {
namespace infer {

Types Infer(const ConstantAttrs&, const Types&) { Fail("A constant states its type; it has none to infer."); }
Types Infer(const InputAttrs&, const Types&) { Fail("An input states its type; it has none to infer."); }
Types Infer(const VariableAttrs&, const Types&) { Fail("A variable states its type; it has none to infer."); }

}  // namespace infer

namespace {

std::string InputsText(const std::vector<TensorType>& inputs) {
  if (inputs.empty()) return "none";
  std::string text;
  for (const TensorType& type : inputs) text += (text.empty() ? "" : ", ") + ToString(type);
  return text;
}

[[noreturn]] void FailShape(const Node& node, const std::string& problem) {
  const std::string op(Info(node.op).name);
  throw Error(ErrorCode::kShape, op + " (" + node.name + "): " + problem).At(op, node.name);
}

// An op without a rule that is not elementwise in its one input does not compile here.
template <class OpAttrs>
infer::Types InferFrom(const OpAttrs& attrs, const infer::Types& inputs) {
  if constexpr (requires { infer::Infer(attrs, inputs); }) {
    return infer::Infer(attrs, inputs);
  } else {
    static_assert(Info(OpAttrs::kOp).elementwise && Info(OpAttrs::kOp).inputs.size() == 1, "needs a rule: infer_*.cc");
    return {inputs[0]};
  }
}

}  // namespace

std::vector<TensorType> InferTypes(const Node& node, const std::vector<TensorType>& inputs) {
  const size_t expected = Info(node.op).inputs.size();
  if (inputs.size() != expected) {
    FailShape(node,
              "expected " + std::to_string(expected) + " inputs, received " + std::to_string(inputs.size()) + ".");
  }
  try {
    infer::CheckDTypes(Info(node.op), inputs);
    std::vector<TensorType> types = std::visit([&](const auto& attrs) { return InferFrom(attrs, inputs); }, node.attrs);
    for (const TensorType& type : types) infer::CheckShape(type.shape);
    return types;
  } catch (const Error& error) {
    if (error.code() != ErrorCode::kShape) throw;
    FailShape(node, std::string(error.what()) + " Inputs: " + InputsText(inputs) + ".");
  }
}

}  // namespace slimnet
