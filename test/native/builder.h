// Builds small programs for tests of the compiler.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "ir/program.h"
#include "passes/edit.h"

namespace slimnet::testing {

inline TensorType Float(Shape shape) { return {DType::kFloat32, std::move(shape)}; }

class Builder {
 public:
  ValueId Input(const std::string& name, TensorType type) { return Source(InputAttrs{name}, name, std::move(type)); }
  ValueId Variable(const std::string& name, TensorType type) {
    return Source(VariableAttrs{name}, name, std::move(type));
  }
  ValueId Constant(TensorType type, double value) {
    return AppendConstant(program_, std::move(type), value, Name("constant"));
  }

  // A node; several results have consecutive ids.
  ValueId Op(Attrs attrs, std::vector<ValueId> inputs) {
    Node node;
    node.op = static_cast<OpKind>(attrs.index());
    node.name = Name(std::string(Info(node.op).name));
    node.attrs = std::move(attrs);
    node.inputs = std::move(inputs);
    std::vector<TensorType> types;
    for (ValueId value : node.inputs) types.push_back(TypeOf(value));
    int32_t port = 0;
    for (const TensorType& type : InferTypes(node, types)) node.outputs.push_back(program_.AddValue(type, port++));
    program_.nodes.push_back(node);
    return node.outputs[0];
  }

  // A convolution with a filter variable of its own.
  ValueId Conv(ValueId x, int64_t size, int64_t channels, int64_t stride = 1) {
    const std::string name = Name("weights");
    const ValueId filter = Variable(name, Float({size, size, TypeOf(x).shape[3], channels}));
    const int64_t pad = size / 2;
    return Op(Conv2dAttrs{{stride, stride}, {1, 1}, {pad, pad, pad, pad}}, {x, filter});
  }

  // An inference batch norm with four variables of its own.
  ValueId BatchNorm(ValueId x) {
    std::vector<ValueId> inputs{x};
    for (const char* factor : {"gamma", "beta", "mean", "variance"}) {
      inputs.push_back(Variable(Name(factor), Float({TypeOf(x).shape.back()})));
    }
    return Op(BatchNormAttrs{0.001}, std::move(inputs));
  }

  void Output(const std::string& name, ValueId value) { program_.outputs.push_back({name, value}); }
  void Update(ValueId value) { program_.updates.push_back(value); }

  const TensorType& TypeOf(ValueId value) const { return program_.values[static_cast<size_t>(value)].type; }

  Program Take() {
    Verify(program_);
    return TakeUnchecked();
  }
  // For programs that become right, or wrong, by what the test does to them.
  Program TakeUnchecked() { return std::move(program_); }

 private:
  std::string Name(const std::string& stem) { return stem + "_" + std::to_string(names_++); }

  ValueId Source(Attrs attrs, const std::string& name, TensorType type) {
    Node node;
    node.op = static_cast<OpKind>(attrs.index());
    node.attrs = std::move(attrs);
    node.name = name;
    node.outputs.push_back(program_.AddValue(std::move(type)));
    program_.nodes.push_back(node);
    return node.outputs[0];
  }

  Program program_;
  int names_ = 0;
};

}  // namespace slimnet::testing
