// An operation graph as cuDNN writes it into the JSON of a finished plan.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/dtype.h"

namespace slimnet::testing {

struct SoftTensor {
  int64_t id = 0;
  DType type = DType::kFloat32;
  bool is_virtual = false;
  bool by_value = false;
  std::vector<int64_t> extents;
  std::vector<int64_t> strides;
};

// One operation. What is asked for and is not there is Error{kInternal}: the interpreter knows all that it computes.
class SoftNode {
 public:
  const std::string& operation() const { return operation_; }
  bool Has(const std::string& field) const;
  // The id of the tensor at a port.
  int64_t Port(const std::string& name) const;
  const std::string& Text(const std::string& name) const;
  // A text without a prefix that it must have.
  std::string Text(const std::string& name, const std::string& prefix) const;
  double Number(const std::string& name) const;
  // Of a list; fractions are divided.
  const std::vector<int64_t>& Numbers(const std::string& name) const;

 private:
  friend class SoftGraphReader;
  std::string operation_;
  std::map<std::string, std::string> texts_;
  std::map<std::string, double> numbers_;
  std::map<std::string, std::vector<int64_t>> lists_;
};

struct SoftGraph {
  std::map<int64_t, SoftTensor> tensors;
  std::vector<SoftNode> nodes;  // in order
};

// Throws Error{kInternal} for JSON that is no plan, or has types that are not known here.
SoftGraph ReadSoftGraph(const std::string& plan_json);

}  // namespace slimnet::testing
