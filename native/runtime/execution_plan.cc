#include "runtime/execution_plan.h"

#include <algorithm>
#include <exception>
#include <functional>
#include <string>
#include <utility>
#include <variant>

#include "base/error.h"
#include "ir/microbatch_loop.h"
#include "ir/text.h"
#include "ir/updates.h"
#include "ir/views.h"
#include "passes/pipeline.h"
#include "passes/plan_memory.h"

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

ValueId StorageOf(const Program& program, ValueId value) {
  while (program.values[At(value)].place.kind == Place::Kind::kAlias) value = program.values[At(value)].place.index;
  return value;
}

ExecutionPlan::ExecutionPlan(Program parsed, std::shared_ptr<const Backend> backend_of_kernels,
                             std::shared_ptr<Store> store_of_variables, ParallelFor& pool,
                             const std::atomic<bool>& cancelled)
    : backend(std::move(backend_of_kernels)), store(std::move(store_of_variables)), program(std::move(parsed)) {
  RunPipeline(program, *backend);
  CheckSupported(program, *backend);
  nodes = PrepareAll(program, *backend, pool, cancelled);
  std::vector<size_t> scratch(program.nodes.size(), 0);
  for (size_t i = 0; i < nodes.size(); ++i) {
    if (nodes[i].kernel) scratch[i] = nodes[i].kernel->scratch_bytes();
  }
  PlanMemory(program, scratch);
  for (size_t i = 0; i < nodes.size(); ++i) {
    if (nodes[i].kernel && IsAlias(program, program.nodes[i])) nodes[i].kernel.reset();
    if (nodes[i].kernel && program.nodes[i].prologue) nodes[i].invocation = nodes[i].kernel->NewInvocation();
  }
  FindPorts();
  FindVariables();
  FindUpdates();
  FindSteps();
  FindStepVariable();
  if (backend->device().records) FindParts();
  if (program.precision.observe) FindObserved();
}

void ExecutionPlan::FindPorts() {
  for (const Node& node : program.nodes) {
    if (node.op != OpKind::kInput) continue;
    const Value& value = program.values[At(node.outputs[0])];
    if (value.place.kind != Place::Kind::kInput) {
      throw Error(ErrorCode::kInternal, "Input " + node.name + " has no place.");
    }
    const auto index = static_cast<size_t>(value.place.index);
    if (inputs.size() <= index) inputs.resize(index + 1);
    inputs[index] = {std::get<InputAttrs>(node.attrs).name, value.type};
  }
  for (const ProgramPort& input : inputs) {
    input_offsets.push_back(input_bytes);
    input_bytes += InputRoom(ByteSize(input.type));
  }
  arena_bytes = program.arena_bytes;
  if (!backend->device().shares_host_memory) {
    staging_offset = InputRoom(program.arena_bytes);
    arena_bytes = *staging_offset + input_bytes;
  }
  for (const ProgramOutput& output : program.outputs) {
    outputs.push_back({output.name, program.values[At(output.value)].type});
    output_offsets.push_back(output_bytes);
    output_bytes += InputRoom(ByteSize(outputs.back().type));
  }
}

void ExecutionPlan::FindVariables() {
  variable_of.assign(program.values.size(), -1);
  for (const Node& node : program.nodes) {
    if (node.op != OpKind::kVariable) continue;
    const ValueId value = node.outputs[0];
    const size_t slot = store->Slot(std::get<VariableAttrs>(node.attrs).name, program.values[At(value)].type);
    const auto found = std::find(slots.begin(), slots.end(), slot);
    variable_of[At(value)] = static_cast<int32_t>(found - slots.begin());
    if (found == slots.end()) slots.push_back(slot);
  }
}

void ExecutionPlan::FindSteps() {
  for (size_t i = 0; i < program.nodes.size(); ++i) {
    if (nodes[i].kernel && !program.nodes[i].prologue) steps.push_back(i);
  }
  const MicrobatchLoop loop(program);
  const auto inside = [&](size_t node) { return loop.Holds(program.nodes[node]); };
  loop_end = static_cast<size_t>(std::find_if_not(steps.begin(), steps.end(), inside) - steps.begin());
  loop_repeats = loop.repeats();
  const auto writes_variable = [&](size_t step) {
    const std::vector<ValueId>& made = program.nodes[step].outputs;
    return std::any_of(made.begin(), made.end(),
                       [&](ValueId value) { return program.values[At(value)].place.kind == Place::Kind::kVariable; });
  };
  commit = static_cast<size_t>(std::find_if(steps.begin(), steps.end(), writes_variable) - steps.begin());
}

void ExecutionPlan::FindParts() {
  if (program.precision.observe) {
    unrecorded = "values are observed after each step";
    return;
  }
  if (loop_end > 0) unrecorded = "each repetition of the microbatch loop has its tensors elsewhere";
  for (size_t from = loop_end; from < steps.size();) {
    const Node& node = program.nodes[steps[from]];
    if (Info(node.op).random) {
      if (!unrecorded.empty()) unrecorded += '\n';
      unrecorded += std::string(Info(node.op).name) + " " + Quote(node.name) + " draws by the number of the run";
      ++from;
      continue;
    }
    // What comes before the commit point is waited for.
    const size_t end = from < commit ? commit : steps.size();
    size_t to = from;
    while (to < end && !Info(program.nodes[steps[to]].op).random) ++to;
    parts.push_back({from, to});
    from = to;
  }
}

void ExecutionPlan::FindUpdates() {
  update_of.assign(program.values.size(), -1);
  std::vector<size_t> spared;
  for (const NewValue& made : NewValues(program)) {
    const Value& value = program.values[At(made.value)];
    if (value.place.kind == Place::Kind::kSpare) {
      update_of[At(made.value)] = static_cast<int32_t>(updated.size());
      spare_bytes += value.bytes();
      spared.push_back(slots[static_cast<size_t>(variable_of[At(made.variable)])]);
    }
    updated.push_back(static_cast<size_t>(variable_of[At(made.variable)]));
  }
  if (!spared.empty()) spares = std::make_unique<Store::KeptSpares>(*store, std::move(spared));
}

void ExecutionPlan::FindStepVariable() {
  draws = std::any_of(steps.begin(), steps.end(), [&](size_t step) { return Info(program.nodes[step].op).random; });
  if (!draws || program.random_step.empty()) return;
  const TensorType type = store->TypeOf(program.random_step);
  if (!type.shape.empty() || !IsInteger(type.dtype)) {
    throw Error(ErrorCode::kCompile, "random_step: expected an integer scalar, variable " + program.random_step +
                                         " is " + ToString(type) + ".")
        .At("variable", program.random_step);
  }
  const size_t slot = store->Slot(program.random_step, type);
  const auto found = std::find(slots.begin(), slots.end(), slot);
  step_variable = {static_cast<size_t>(found - slots.begin()), type.dtype};
  if (found == slots.end()) slots.push_back(slot);
}

void ExecutionPlan::FindObserved() {
  const auto observe = [&](size_t at, const Node& node, std::vector<Observed>& list) {
    if (node.outputs.size() != 1) return;
    const Value& value = program.values[At(node.outputs[0])];
    if (value.type.dtype == DType::kFloat32) list.push_back({at, ElementCount(value.type.shape), value.maker});
  };
  for (const Node& node : program.nodes) {
    if (node.op != OpKind::kInput) continue;
    observe(static_cast<size_t>(program.values[At(node.outputs[0])].place.index), node, observed_inputs);
  }
  for (size_t s = 0; s < steps.size(); ++s) observe(s, program.nodes[steps[s]], observed_steps);
}

}  // namespace slimnet
