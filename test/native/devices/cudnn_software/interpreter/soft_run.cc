#include "native/devices/cudnn_software/interpreter/soft_run.h"

#include <utility>

#include "base/error.h"

namespace slimnet::testing {

void RefuseNode(const SoftNode& node, const std::string& what) {
  throw Error(ErrorCode::kInternal,
              "The interpreter of cuDNN's plans cannot compute " + node.operation() + ": " + what + ".");
}

const SoftValue& SoftRun::Get(int64_t id) const {
  const auto found = values_.find(id);
  if (found == values_.end()) {
    throw Error(ErrorCode::kInternal, "A plan reads tensor " + std::to_string(id) + ", which nothing has written.");
  }
  return found->second;
}

const SoftTensor& SoftRun::TensorAt(const SoftNode& node, const std::string& port) const {
  const auto found = graph_.tensors.find(node.Port(port));
  if (found == graph_.tensors.end()) RefuseNode(node, "the tensor at " + port + " is not described");
  return found->second;
}

double SoftRun::Scalar(const SoftNode& node, const std::string& port) const {
  const SoftValue& value = In(node, port);
  if (value.count() != 1) RefuseNode(node, "the tensor at " + port + " has more than one element");
  return value.elements[0];
}

void SoftRun::Out(const SoftNode& node, const std::string& port, SoftValue value) {
  const SoftTensor& tensor = TensorAt(node, port);
  if (value.extents != tensor.extents) RefuseNode(node, "what it computes for " + port + " has other extents");
  RoundTo(tensor.type, value.elements);
  Set(tensor.id, std::move(value));
}

void SoftRun::Do(const SoftNode& node) {
  using Operation = void (*)(SoftRun&, const SoftNode&);
  static const std::map<std::string, Operation> kOperations = {{"CONVOLUTION_FORWARD", SoftConvolution},
                                                               {"CONVOLUTION_BACKWARD_DATA", SoftConvolution},
                                                               {"CONVOLUTION_BACKWARD_FILTER", SoftConvolution},
                                                               {"MATMUL", SoftMatmul},
                                                               {"POINTWISE", SoftPointwise},
                                                               {"REDUCTION", SoftReduction},
                                                               {"RESAMPLE_FWD", SoftResample},
                                                               {"RESAMPLE_BWD", SoftResample},
                                                               {"GEN_STATS", SoftStatistics},
                                                               {"NORM_FORWARD", SoftNormForward},
                                                               {"NORM_BACKWARD", SoftNormBackward},
                                                               {"BN_FINALIZE_STATISTICS", SoftNormFinalize}};
  const auto found = kOperations.find(node.operation());
  if (found == kOperations.end()) RefuseNode(node, "there is no such operation here");
  found->second(*this, node);
}

}  // namespace slimnet::testing
