// An executable plan of an operation graph: which engine computes it, and with how much workspace.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "backends/cudnn/graph/graph.h"

namespace slimnet::cudnn {

// What cuDNN says about the numbers of an engine.
struct NumericalNotes {
  bool tensor_core = false;  // float32 inputs: they are cut to TF32
  bool down_converts = false;
  bool reduced_reduction = false;  // sums in less than the compute type
  bool nondeterministic = false;
  bool fft = false;
  bool winograd = false;
};

// A tensor that whoever runs the plan hands in.
struct PlanPort {
  int64_t id = 0;
  bool by_value = false;
  bool written = false;
  size_t bytes = 0;
  size_t alignment = 1;
};

// Immutable; may be run by several threads at once. Keep it as long as a recorded CUDA graph has its kernels: code that
// was compiled for a plan goes with it.
class Plan : public std::enable_shared_from_this<Plan> {
 public:
  virtual ~Plan() = default;
  Plan() = default;
  Plan(const Plan&) = delete;
  Plan& operator=(const Plan&) = delete;

  virtual size_t workspace_bytes() const = 0;
  // cuDNN's number of the engine for this kind of graph, and the kernel's name where the plan tells one, for example
  // "7:cudnn_generated_fort_native_sm80_convFwd_pointwise_knob_21_128x128x32_4_0".
  virtual const std::string& engine() const = 0;
  virtual const NumericalNotes& notes() const = 0;
  // The stored and by-value tensors that steps of the graph read or write, by id.
  virtual const std::vector<PlanPort>& ports() const = 0;
  // The plan as cuDNN writes it, the graph in it: what Plans::Load takes. 3 to 300 kB.
  virtual std::string Json() const = 0;
  // The cudnnBackendDescriptor_t, for whoever executes it.
  virtual void* native() const = 0;
};

}  // namespace slimnet::cudnn
