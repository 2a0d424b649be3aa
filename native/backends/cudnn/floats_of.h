// A node's float32 values as kernels take them.
#pragma once

#include "backends/cudnn/kernels/floats.h"
#include "backends/cudnn/stored.h"

namespace slimnet::cudnn {

// How a value is stored, to be put together with where it lies in a step.
class FloatsOf {
 public:
  explicit FloatsOf(const Value& value) : stored_(StoredDType(value)), step_(StepOf(value)) {}
  DType stored() const { return stored_; }
  double step() const { return step_; }
  Floats operator()(DevicePtr place) const { return {place, stored_, step_}; }

 private:
  DType stored_;
  double step_;
};

}  // namespace slimnet::cudnn
