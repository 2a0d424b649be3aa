// A batch norm with given statistics as a factor and a term for each channel.
#pragma once

#include <cstdint>
#include <map>
#include <utility>

#include "ir/program.h"

namespace slimnet {

// Appends what computes them: norm(x) = x * scale + bias, with scale = gamma / sqrt(variance + epsilon). The order of
// the nodes is mended by SortNodes.
class NormFactors {
 public:
  explicit NormFactors(Program& program) : program_(program) {}

  ValueId Scale(const Node& norm);
  // For x + `before` [C], or for x alone where that is kNoValue.
  ValueId Bias(const Node& norm, ValueId scale, ValueId before);
  // Names begin with that of the norm.
  ValueId Add(Attrs attrs, const Node& norm, const char* suffix, std::vector<ValueId> inputs);

 private:
  // One constant for each epsilon and dtype.
  ValueId Epsilon(const Node& norm);

  Program& program_;
  std::map<std::pair<uint64_t, DType>, ValueId> epsilons_;  // by the bits of the number, which may be NaN
};

}  // namespace slimnet
