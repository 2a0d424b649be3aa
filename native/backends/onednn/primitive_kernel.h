// A kernel out of oneDNN primitives that run one after another.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "backends/onednn/engine.h"

namespace slimnet::onednn {

// Where an argument of a primitive lies when the step runs.
struct Source {
  enum class Kind { kInput, kOperand, kOutput, kScratch, kNumber };
  Kind kind;
  size_t index;   // port, post-op, output
  size_t offset;  // bytes from there
  std::shared_ptr<float> number = nullptr;

  static Source Input(size_t port, size_t offset = 0) { return {Kind::kInput, port, offset}; }
  static Source Operand(size_t post_op) { return {Kind::kOperand, post_op, 0}; }
  static Source Output(size_t port, size_t offset = 0) { return {Kind::kOutput, port, offset}; }
  static Source Scratch(size_t offset) { return {Kind::kScratch, 0, offset}; }
  // A number of the kernel's own, which nobody changes: oneDNN takes pointers that are not const.
  static Source Number(float value) { return {Kind::kNumber, 0, 0, std::make_shared<float>(value)}; }
};

struct Argument {
  int id;  // DNNL_ARG_...
  dnnl::memory::desc desc;
  Source source;
  size_t stride = 0;  // bytes further with each repetition
};

struct PrimitiveStep {
  PreparedPtr prepared;
  std::vector<Argument> arguments;
};

// A primitive with its arguments, as one executor runs it.
class PrimitiveCall {
 public:
  PrimitiveCall(const dnnl::engine& engine, const PrimitiveStep& step);

  // `op` and `node` are for the error: throws Error{kBackend | kMemory}.
  void Run(dnnl_stream_t stream, const Bindings& bindings, const std::string& op, const std::string& node,
           size_t repetition = 0);

 private:
  struct Bound {
    Source source;
    size_t stride;
    void* data;
  };

  const_dnnl_primitive_t primitive_;
  std::vector<dnnl::memory> memories_;
  std::vector<dnnl_exec_arg_t> arguments_;
  std::vector<Bound> bound_;
};

// Collects what a step runs. The primitive's own scratch memory is added by itself.
class PrimitiveSequence {
 public:
  explicit PrimitiveSequence(const OpContext& context) : context_(context) {}

  // Bytes of the step's scratch memory for a value between two primitives.
  size_t Reserve(size_t bytes);
  void Add(const PreparedPtr& prepared, std::vector<Argument> arguments);
  // Output 0 holds the operand of this post-op before the primitives run. They share memory when the plan was laid out
  // so; else the operand is copied.
  void AccumulateInto(size_t post_op) { accumulate_ = post_op; }

  // Generates the primitives' code. Throws Error.
  std::unique_ptr<Kernel> Build() &&;

 private:
  const OpContext& context_;
  std::vector<PrimitiveStep> steps_;
  size_t scratch_bytes_ = 0;
  std::optional<size_t> accumulate_;
};

}  // namespace slimnet::onednn
