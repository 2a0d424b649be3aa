#include <algorithm>
#include <exception>
#include <functional>
#include <string>
#include <utility>
#include <variant>

#include "base/error.h"
#include "ir/views.h"
#include "passes/pipeline.h"
#include "passes/plan_memory.h"
#include "runtime/compiled_program.h"
#include "runtime/instance.h"

namespace slimnet {
namespace {

size_t InputRoom(size_t bytes) { return (bytes + kInputAlignment - 1) / kInputAlignment * kInputAlignment; }

// Not computed but placed by the runtime.
bool IsPlaced(OpKind op) { return Info(op).source || IsMovingView(op); }

// A view of another value: the same bytes, nothing to run.
bool IsAlias(const Program& program, const Node& node) {
  return std::all_of(node.outputs.begin(), node.outputs.end(),
                     [&](ValueId output) { return program.values[At(output)].place.kind == Place::Kind::kAlias; }) &&
         node.post_ops.empty();
}

void CheckSupported(const Program& program, const Backend& backend) {
  for (const Node& node : program.nodes) {
    if (IsPlaced(node.op)) continue;
    if (const Verdict verdict = backend.Supports({program, node}); !verdict) {
      const std::string op(Info(node.op).name);
      throw Error(ErrorCode::kCompile,
                  op + " (" + node.name + ") cannot run on backend " + backend.name() + ": " + verdict.reason)
          .At(op, node.name);
    }
  }
}

// Choosing algorithms and generating code takes a while for a large network: all threads take part.
std::vector<PreparedNode> PrepareAll(const Program& program, const Backend& backend, ParallelFor& pool,
                                     const std::atomic<bool>& cancelled) {
  std::vector<PreparedNode> prepared(program.nodes.size());
  std::vector<std::exception_ptr> failures(program.nodes.size());
  const auto prepare = [&](int index) {
    const auto i = static_cast<size_t>(index);
    const Node& node = program.nodes[i];
    if (IsPlaced(node.op) || cancelled.load(std::memory_order_relaxed)) return;
    try {
      prepared[i].kernel = backend.Prepare({program, node});
    } catch (Error& error) {
      error.At(Info(node.op).name, node.name);
      failures[i] = std::current_exception();
    } catch (...) {
      failures[i] = std::current_exception();
    }
  };
  pool.Run(static_cast<int>(program.nodes.size()), prepare);
  if (cancelled.load(std::memory_order_relaxed)) throw Error(ErrorCode::kAborted, "The compilation was aborted.");
  for (const std::exception_ptr& failure : failures) {
    if (failure) std::rethrow_exception(failure);
  }
  return prepared;
}

}  // namespace

std::shared_ptr<CompiledProgram> CompiledProgram::Compile(std::string_view plan, std::shared_ptr<Store> store,
                                                          std::shared_ptr<const Backend> backend,
                                                          const ExecutorResources& resources,
                                                          const std::atomic<bool>& cancelled) {
  Program program = Parse(plan);
  Verify(program);
  RunPipeline(program, *backend);
  CheckSupported(program, *backend);
  std::vector<PreparedNode> nodes = PrepareAll(program, *backend, resources.pool, cancelled);
  std::vector<size_t> scratch(program.nodes.size(), 0);
  for (size_t i = 0; i < nodes.size(); ++i) {
    if (nodes[i].kernel) scratch[i] = nodes[i].kernel->scratch_bytes();
  }
  PlanMemory(program, scratch);
  for (size_t i = 0; i < nodes.size(); ++i) {
    if (nodes[i].kernel && IsAlias(program, program.nodes[i])) nodes[i].kernel.reset();
    if (nodes[i].kernel && program.nodes[i].prologue) nodes[i].invocation = nodes[i].kernel->NewInvocation();
  }
  // The constructor is private: make_shared cannot reach it.
  return std::shared_ptr<CompiledProgram>(new CompiledProgram(std::move(program), std::move(nodes), std::move(store),
                                                              std::move(backend), resources.stream));
}

CompiledProgram::CompiledProgram(Program program, std::vector<PreparedNode> nodes, std::shared_ptr<Store> store,
                                 std::shared_ptr<const Backend> backend, Stream& stream)
    : program_(std::move(program)), backend_(std::move(backend)), nodes_(std::move(nodes)), store_(std::move(store)) {
  FindPorts();
  FindVariables();
  FindSteps();
  prologue_ = std::make_unique<Prologue>(program_, nodes_, variable_of_, slots_, *store_, stream);
  if (program_.precision.observe) MakeObserver();
}

void CompiledProgram::MakeObserver() {
  std::vector<std::string> names;
  const auto observe = [&](size_t at, const Node& node, std::vector<Observed>& list) {
    if (node.outputs.size() != 1) return;
    const Value& value = program_.values[At(node.outputs[0])];
    if (value.type.dtype != DType::kFloat32) return;
    list.push_back({at, ElementCount(value.type.shape), names.size()});
    names.push_back(value.maker);
  };
  for (const Node& node : program_.nodes) {
    if (node.op != OpKind::kInput) continue;
    observe(static_cast<size_t>(program_.values[At(node.outputs[0])].place.index), node, observed_inputs_);
  }
  for (size_t s = 0; s < steps_.size(); ++s) observe(s, program_.nodes[steps_[s]], observed_steps_);
  observer_ = std::make_unique<Observer>(std::move(names));
}

CompiledProgram::~CompiledProgram() = default;

void CompiledProgram::FindPorts() {
  for (const Node& node : program_.nodes) {
    if (node.op != OpKind::kInput) continue;
    const Value& value = program_.values[At(node.outputs[0])];
    if (value.place.kind != Place::Kind::kInput) {
      throw Error(ErrorCode::kInternal, "Input " + node.name + " has no place.");
    }
    const auto index = static_cast<size_t>(value.place.index);
    if (inputs_.size() <= index) inputs_.resize(index + 1);
    inputs_[index] = {std::get<InputAttrs>(node.attrs).name, value.type};
  }
  for (const ProgramPort& input : inputs_) {
    input_offsets_.push_back(input_bytes_);
    input_bytes_ += InputRoom(ByteSize(input.type));
  }
  arena_bytes_ = program_.arena_bytes;
  if (!backend_->device().shares_host_memory) {
    staging_offset_ = InputRoom(program_.arena_bytes);
    arena_bytes_ = *staging_offset_ + input_bytes_;
  }
  for (const ProgramOutput& output : program_.outputs) {
    outputs_.push_back({output.name, program_.values[At(output.value)].type});
  }
}

void CompiledProgram::FindVariables() {
  variable_of_.assign(program_.values.size(), -1);
  for (const Node& node : program_.nodes) {
    if (node.op != OpKind::kVariable) continue;
    const ValueId value = node.outputs[0];
    const size_t slot = store_->Slot(std::get<VariableAttrs>(node.attrs).name, program_.values[At(value)].type);
    const auto found = std::find(slots_.begin(), slots_.end(), slot);
    variable_of_[At(value)] = static_cast<int32_t>(found - slots_.begin());
    if (found == slots_.end()) slots_.push_back(slot);
  }
}

void CompiledProgram::FindSteps() {
  for (size_t i = 0; i < program_.nodes.size(); ++i) {
    if (nodes_[i].kernel && !program_.nodes[i].prologue) steps_.push_back(i);
  }
  nanoseconds_.resize(steps_.size());
  const auto repeated = [&](size_t node) { return program_.nodes[node].repeated; };
  loop_end_ = static_cast<size_t>(std::find_if_not(steps_.begin(), steps_.end(), repeated) - steps_.begin());
  first_update_ = steps_.size();
  for (size_t s = 0; s < steps_.size(); ++s) {
    const Node& node = program_.nodes[steps_[s]];
    for (const int port : Info(node.op).updates) {
      const int32_t variable = variable_of_[At(StorageOf(program_, node.inputs[static_cast<size_t>(port)]))];
      if (variable < 0) {
        throw Error(ErrorCode::kCompile, "Input " + std::to_string(port) + " must be a variable: the op changes it.")
            .At(Info(node.op).name, node.name);
      }
      updated_.push_back(static_cast<size_t>(variable));
      first_update_ = std::min(first_update_, s);
    }
  }
}

}  // namespace slimnet
