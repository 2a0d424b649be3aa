// One computation of a graph: the values that its tensors have so far, and the operations, which read and set them.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "native/devices/cudnn_software/interpreter/soft_graph.h"
#include "native/devices/cudnn_software/interpreter/soft_value.h"

namespace slimnet::testing {

class SoftRun {
 public:
  explicit SoftRun(const SoftGraph& graph) : graph_(graph) {}

  void Set(int64_t id, SoftValue value) { values_[id] = std::move(value); }
  bool Has(int64_t id) const { return values_.contains(id); }
  // Error{kInternal} where nothing has been written.
  const SoftValue& Get(int64_t id) const;

  const SoftTensor& TensorAt(const SoftNode& node, const std::string& port) const;
  const SoftValue& In(const SoftNode& node, const std::string& port) const { return Get(node.Port(port)); }
  // The only element of a tensor.
  double Scalar(const SoftNode& node, const std::string& port) const;
  // What the operation writes there, all NaN.
  SoftValue New(const SoftNode& node, const std::string& port) const { return SoftValue(TensorAt(node, port).extents); }
  // Rounded to the type of the tensor.
  void Out(const SoftNode& node, const std::string& port, SoftValue value);

  // Does what the node says.
  void Do(const SoftNode& node);

 private:
  const SoftGraph& graph_;
  std::map<int64_t, SoftValue> values_;
};

[[noreturn]] void RefuseNode(const SoftNode& node, const std::string& what);

// One a file.
void SoftConvolution(SoftRun& run, const SoftNode& node);
void SoftMatmul(SoftRun& run, const SoftNode& node);
void SoftPointwise(SoftRun& run, const SoftNode& node);
void SoftReduction(SoftRun& run, const SoftNode& node);
void SoftResample(SoftRun& run, const SoftNode& node);
void SoftStatistics(SoftRun& run, const SoftNode& node);
void SoftNormForward(SoftRun& run, const SoftNode& node);
void SoftNormBackward(SoftRun& run, const SoftNode& node);
void SoftNormFinalize(SoftRun& run, const SoftNode& node);

}  // namespace slimnet::testing
