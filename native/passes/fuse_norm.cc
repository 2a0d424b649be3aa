// A sum of a pre-activation network has two readers: the batch norm that begins the next unit, and that unit's own sum.
// The convolution that makes the sum writes what the norm makes of it as a second result, where the backend can: the
// sum is not read again. Stands behind assign_precision, because what a backend can do depends on how values are
// stored.
#include <algorithm>
#include <utility>

#include "passes/edit.h"
#include "passes/norm_factors.h"
#include "passes/passes.h"

namespace slimnet {
namespace {

class NormFuser {
 public:
  NormFuser(Program& program, const Backend& backend)
      : program_(program),
        backend_(backend),
        uses_(program),
        fixed_(FixedValues(program)),
        factors_(program),
        absorbed_(program.nodes.size(), false) {}

  void Run() {
    const size_t count = program_.nodes.size();
    for (size_t i = 0; i < count; ++i) {
      if (const int32_t norm = NormBehind(program_.nodes[i]); norm >= 0) Fuse(i, static_cast<size_t>(norm));
    }
    std::vector<Node> kept;
    for (size_t i = 0; i < program_.nodes.size(); ++i) {
      if (i >= count || !absorbed_[i]) kept.push_back(std::move(program_.nodes[i]));
    }
    program_.nodes = std::move(kept);
    SortNodes(program_);
  }

 private:
  // The batch norm that may join a convolution, or -1.
  int32_t NormBehind(const Node& node) const {
    if (node.op != OpKind::kConv2d || node.outputs.size() != 1) return -1;
    for (const int32_t reader : uses_.readers[node.outputs[0]]) {
      const Node& norm = program_.nodes[static_cast<size_t>(reader)];
      const bool fixed = std::all_of(norm.inputs.begin() + 1, norm.inputs.end(), [&](ValueId v) { return fixed_[v]; });
      if (norm.op == OpKind::kBatchNorm && norm.inputs[0] == node.outputs[0] && fixed && Works(node, norm)) {
        return reader;
      }
    }
    return -1;
  }

  static Node Joined(const Node& node, const Node& norm, ValueId scale, ValueId bias) {
    Node joined = node;
    joined.post_ops.push_back({PostOp::Kind::kResult});
    joined.post_ops.push_back({PostOp::Kind::kScale, scale});
    joined.post_ops.push_back({PostOp::Kind::kBias, bias});
    joined.post_ops.insert(joined.post_ops.end(), norm.post_ops.begin(), norm.post_ops.end());
    joined.outputs.push_back(norm.outputs[0]);
    return joined;
  }

  // Asks about the node as it would be; gamma and beta stand for factor and term, which are of their type.
  bool Works(const Node& node, const Node& norm) const {
    return static_cast<bool>(backend_.Supports({program_, Joined(node, norm, norm.inputs[1], norm.inputs[2])}));
  }

  void Fuse(size_t index, size_t norm_index) {
    const Node norm = program_.nodes[norm_index];
    const ValueId scale = factors_.Scale(norm);
    const ValueId bias = factors_.Bias(norm, scale, kNoValue);
    program_.nodes[index] = Joined(program_.nodes[index], norm, scale, bias);
    program_.values[norm.outputs[0]].port = 1;
    absorbed_[norm_index] = true;
  }

  Program& program_;
  const Backend& backend_;
  const Uses uses_;
  const std::vector<bool> fixed_;
  NormFactors factors_;
  std::vector<bool> absorbed_;  // by node, as they were before the pass
};

}  // namespace

void FuseNorm(Program& program, const Backend& backend) {
  // Who looks at the values wants to see each.
  if (!program.precision.observe) NormFuser(program, backend).Run();
}

}  // namespace slimnet
