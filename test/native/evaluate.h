// Runs a program node by node on a backend of the host, for comparing it before and after the passes.
#pragma once

#include <cstring>
#include <functional>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "backend/backend.h"
#include "ir/microbatch_loop.h"
#include "ir/program.h"
#include "ir/updates.h"
#include "ir/views.h"
#include "passes/storage.h"

namespace slimnet::testing {

class OneThread final : public ParallelFor {
 public:
  int threads() const override { return 1; }
  void Run(int jobs, const std::function<void(int)>& job) override {
    for (int i = 0; i < jobs; ++i) job(i);
  }
};

// What a run left: the outputs by name, and the variables.
struct Results {
  std::map<std::string, std::vector<float>> outputs;
  std::map<std::string, std::vector<float>> variables;
};

class Evaluator {
 public:
  Evaluator(const Program& program, const Backend& backend)
      : program_(program), loop_(program), reads_(program), backend_(backend) {}

  // With an arena, values lie where plan_memory put them, and nothing protects one from another. Without, each has a
  // buffer of its own, reads of variables see the values from before the run, and ops that change a variable begin with
  // what the op before them made of it: what the program means.
  Results Run(bool in_arena) {
    stream_ = backend_.NewStream(&pool_);
    buffers_.resize(program_.values.size(), nullptr);
    if (in_arena) arena_ = backend_.Allocate(program_.arena_bytes);
    const size_t end = RunMicrobatchLoop(in_arena);
    for (size_t i = end; i < program_.nodes.size(); ++i) Execute(program_.nodes[i], in_arena);
    Results results;
    for (const ProgramOutput& output : program_.outputs) results.outputs[output.name] = Floats(output.value);
    for (const auto& [name, memory] : variables_) {
      const auto made = newest_.find(name);
      const auto* data = made == newest_.end() ? reinterpret_cast<const float*>(memory->host())
                                               : static_cast<const float*>(made->second);
      results.variables[name].assign(data, data + memory->bytes() / sizeof(float));
    }
    return results;
  }

 private:
  // Runs what stands up to the end of the microbatch loop: first what runs once, then the microbatch loop. Returns how
  // many nodes these are. Without an arena, the parts of what the microbatch loop leaves are put together by copying.
  size_t RunMicrobatchLoop(bool in_arena) {
    const std::vector<Node>& nodes = program_.nodes;
    size_t end = nodes.size();
    while (end > 0 && !loop_.Holds(nodes[end - 1])) --end;
    for (size_t i = 0; i < end; ++i) {
      if (!loop_.Holds(nodes[i])) Execute(nodes[i], in_arena);
    }
    for (repetition_ = 0; end > 0 && repetition_ < static_cast<size_t>(loop_.repeats()); ++repetition_) {
      for (size_t i = 0; i < end; ++i) {
        if (loop_.Holds(nodes[i])) Execute(nodes[i], in_arena);
      }
      for (const Node& node : nodes) {
        if (node.op == OpKind::kMicrobatchConcat && !in_arena) Join(node);
      }
    }
    repetition_ = 0;
    return end;
  }

  void Join(const Node& node) {
    const ValueId whole = node.outputs[0];
    if (repetition_ == 0) buffers_[whole] = Own(whole);
    const size_t bytes = program_.values[node.inputs[0]].bytes();
    std::memcpy(static_cast<char*>(buffers_[whole]) + repetition_ * bytes, buffers_[node.inputs[0]], bytes);
  }

  // How far a value that moves lies behind its place.
  size_t Moved(ValueId value) const {
    return program_.values[value].place.moves ? repetition_ * program_.values[value].bytes() : 0;
  }

  void Execute(const Node& node, bool in_arena) {
    if (node.op == OpKind::kMicrobatchConcat && !in_arena) return;  // done
    for (ValueId value : node.outputs) buffers_[value] = BufferOf(node, value, in_arena);
    if (node.op == OpKind::kConstant) Fill(node);
    if (Info(node.op).source || IsMovingView(node.op) || (in_arena && IsView(node.op))) return;
    std::vector<DevicePtr> inputs;
    std::vector<DevicePtr> operands;
    std::vector<DevicePtr> outputs;
    for (ValueId value : node.inputs) inputs.push_back(SharedAddress(buffers_[value]));
    for (int port : Info(node.op).updates) {
      const auto made = newest_.find(NameAt(node, port));
      if (!in_arena && made != newest_.end()) inputs[static_cast<size_t>(port)] = SharedAddress(made->second);
    }
    for (const PostOp& post : node.post_ops) {
      operands.push_back(post.operand == kNoValue ? DevicePtr() : SharedAddress(buffers_[post.operand]));
    }
    for (ValueId value : node.outputs) outputs.push_back(SharedAddress(buffers_[value]));
    const auto kernel = backend_.Prepare({program_, node});
    const auto scratch = backend_.Allocate(kernel->scratch_bytes());
    kernel->NewInvocation()->Enqueue(*stream_, {inputs, operands, outputs, scratch->data(), {}});
    stream_->Wait();
    const auto& updates = Info(node.op).updates;
    for (size_t i = 0; i < updates.size(); ++i) newest_[NameAt(node, updates[i])] = buffers_[node.outputs[i]];
  }

  // Of the variable that a node changes through a port.
  const std::string& NameAt(const Node& node, int port) const {
    return reads_.NameOf(reads_.ChangedThrough(node.inputs[static_cast<size_t>(port)]));
  }

  void* BufferOf(const Node& node, ValueId value, bool in_arena) {
    if (node.op == OpKind::kVariable) {
      void* const memory = VariableOf(node);
      return in_arena ? memory : Random(value, std::get<VariableAttrs>(node.attrs).name);
    }
    if (node.op == OpKind::kInput) return Random(value, std::get<InputAttrs>(node.attrs).name);
    if (in_arena) {
      const Place& own = program_.values[value].place;
      const ValueId root = own.kind == Place::Kind::kAlias ? own.index : value;
      const Place& place = program_.values[root].place;
      if (place.kind == Place::Kind::kArena) return arena_->host() + place.offset + Moved(value);
      if (place.kind == Place::Kind::kVariable) return VariableOf(program_.nodes[static_cast<size_t>(place.index)]);
      if (root != value) return static_cast<char*>(buffers_[root]) + Moved(value);
    }
    if (node.op == OpKind::kMicrobatchSlice) {
      return static_cast<char*>(buffers_[node.inputs[0]]) + repetition_ * program_.values[value].bytes();
    }
    const ValueId overwritten = Overwritten(node);
    if (overwritten != kNoValue && value == node.outputs[0]) return buffers_[overwritten];
    return Own(value);
  }

  // The memory of the variable that a node reads.
  void* VariableOf(const Node& node) {
    const std::string& name = std::get<VariableAttrs>(node.attrs).name;
    if (!variables_.contains(name)) {
      Random(node.outputs[0], name);
      variables_[name] = std::move(owned_.back());
      owned_.pop_back();
    }
    return variables_[name]->host();
  }

  void* Own(ValueId value) {
    owned_.push_back(backend_.Allocate(program_.values[value].bytes()));
    return owned_.back()->host();
  }

  // Positive values that follow from the name alone, so that every form of a program sees the same.
  void* Random(ValueId value, const std::string& name) {
    auto* data = static_cast<float*>(Own(value));
    std::mt19937 random(static_cast<uint32_t>(std::hash<std::string>()(name)));
    const int64_t count = ElementCount(program_.values[value].type.shape);
    for (int64_t i = 0; i < count; ++i) data[i] = 0.05F + 0.5F * static_cast<float>(random() % 1000) / 1000.0F;
    return data;
  }

  void Fill(const Node& node) {
    const std::vector<double>& values = std::get<ConstantAttrs>(node.attrs).values;
    auto* data = static_cast<float*>(buffers_[node.outputs[0]]);
    const int64_t count = ElementCount(program_.values[node.outputs[0]].type.shape);
    for (int64_t i = 0; i < count; ++i) {
      data[i] = static_cast<float>(values.size() == 1 ? values[0] : values[static_cast<size_t>(i)]);
    }
  }

  std::vector<float> Floats(ValueId value) const {
    const auto* data = static_cast<const float*>(buffers_[value]);
    return {data, data + ElementCount(program_.values[value].type.shape)};
  }

  const Program& program_;
  const MicrobatchLoop loop_;
  const VariableReads reads_;
  const Backend& backend_;
  size_t repetition_ = 0;
  OneThread pool_;
  std::unique_ptr<Stream> stream_;
  std::unique_ptr<Memory> arena_;
  std::vector<void*> buffers_;  // by value
  std::vector<std::unique_ptr<Memory>> owned_;
  std::map<std::string, std::unique_ptr<Memory>> variables_;
  std::map<std::string, void*> newest_;  // what was made of variables
};

}  // namespace slimnet::testing
