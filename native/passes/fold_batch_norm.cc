// With s = scale / sqrt(variance + epsilon):  batch_norm(conv(x, f) + b) = conv(x, f * s) + (b - mean) * s + offset.
// The new factors depend on variables alone, so hoist_constants moves them into the prologue.
#include <optional>
#include <utility>

#include "passes/edit.h"
#include "passes/norm_factors.h"
#include "passes/passes.h"

namespace slimnet {
namespace {

constexpr size_t kFilterPort = 1;  // input port of conv2d and matmul

class Folder {
 public:
  explicit Folder(Program& program) : program_(program), uses_(program), fixed_(FixedValues(program)) {}

  void Run() {
    const size_t count = program_.nodes.size();
    for (size_t i = 0; i < count; ++i) {
      if (program_.nodes[i].op != OpKind::kBatchNorm) continue;
      if (const auto target = TargetOf(program_.nodes[i])) Fold(i, *target);
    }
    SortNodes(program_);
    RemoveDeadNodes(program_);
  }

 private:
  struct Target {
    size_t node;                  // conv2d or matmul
    std::optional<ValueId> bias;  // of a bias_add between it and the batch norm
  };

  const Node& ProducerOf(ValueId value) const { return program_.nodes[static_cast<size_t>(uses_.producer[value])]; }

  // What can take up the batch norm: it has no other reader, and all factors are fixed and of one dtype.
  std::optional<Target> TargetOf(const Node& norm) const {
    ValueId x = norm.inputs[0];
    Target target{};
    if (!uses_.SingleReader(x)) return std::nullopt;
    if (const Node& bias_add = ProducerOf(x); bias_add.op == OpKind::kBiasAdd) {
      target.bias = bias_add.inputs[1];
      x = bias_add.inputs[0];
      if (!uses_.SingleReader(x)) return std::nullopt;
    }
    target.node = static_cast<size_t>(uses_.producer[x]);
    const Node& node = program_.nodes[target.node];
    if (node.op != OpKind::kConv2d && node.op != OpKind::kMatmul) return std::nullopt;
    std::vector<ValueId> factors(norm.inputs.begin() + 1, norm.inputs.end());
    factors.push_back(node.inputs[kFilterPort]);
    if (target.bias) factors.push_back(*target.bias);
    const DType dtype = program_.values[x].type.dtype;
    for (ValueId factor : factors) {
      if (!fixed_[factor] || program_.values[factor].type.dtype != dtype) return std::nullopt;
    }
    return target;
  }

  void Fold(size_t index, const Target& target) {
    const Node norm = program_.nodes[index];
    const ValueId factor = factors_.Scale(norm);
    const ValueId filter =
        factors_.Add(MulAttrs{}, norm, "fold/filter", {program_.nodes[target.node].inputs[kFilterPort], factor});
    const ValueId bias = factors_.Bias(norm, factor, target.bias.value_or(kNoValue));
    fixed_.resize(program_.values.size(), true);
    Node& node = program_.nodes[target.node];
    node.inputs[kFilterPort] = filter;
    Node& add = program_.nodes[index];
    add.op = OpKind::kBiasAdd;
    add.attrs = BiasAddAttrs{};
    add.inputs = {node.outputs[0], bias};
  }

  Program& program_;
  const Uses uses_;
  std::vector<bool> fixed_;  // by value: stays as it is from run to run
  NormFactors factors_{program_};
};

}  // namespace

void FoldBatchNorm(Program& program, const Backend&) { Folder(program).Run(); }

}  // namespace slimnet
