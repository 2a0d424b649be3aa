#include "backends/cpu/float_types.h"

#include <algorithm>

namespace slimnet::cpu {

Verdict ComputesIn(const NodeContext& node, const std::string& backend, std::span<const DType> floats) {
  const OpInfo& op = Info(node.node.op);
  for (size_t i = 0; i < node.node.inputs.size(); ++i) {
    if (op.dtypes[i] != DTypes::kFloat && op.dtypes[i] != DTypes::kNumber) continue;
    const TensorType& type = node.input(i).type;
    if (std::find(floats.begin(), floats.end(), type.dtype) != floats.end()) continue;
    std::string wanted;
    for (const DType dtype : floats) wanted += (wanted.empty() ? "" : " or ") + std::string(Name(dtype));
    return Verdict::No("the " + backend + " backend computes " + std::string(op.name) + " in " + wanted +
                       ", received " + ToString(type));
  }
  return Verdict::Yes();
}

}  // namespace slimnet::cpu
