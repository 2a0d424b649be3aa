#include "runtime/compiled_program.h"

#include <algorithm>
#include <ranges>
#include <string>
#include <utility>

namespace slimnet {
namespace {

std::unique_ptr<Observer> ObserverOf(const ExecutionPlan& plan) {
  if (!plan.program.precision.observe) return nullptr;
  std::vector<std::string> names;
  for (const auto* list : {&plan.observed_inputs, &plan.observed_steps}) {
    for (const ExecutionPlan::Observed& observed : *list) names.push_back(observed.name);
  }
  return std::make_unique<Observer>(std::move(names));
}

Program ParseVerified(std::string_view plan) {
  Program program = Parse(plan);
  Verify(program);
  return program;
}

}  // namespace

std::shared_ptr<CompiledProgram> CompiledProgram::Compile(std::string_view plan, std::shared_ptr<Store> store,
                                                          std::shared_ptr<const Backend> backend,
                                                          const ExecutorResources& resources,
                                                          const std::atomic<bool>& cancelled) {
  // The constructor is private: make_shared cannot reach it.
  return std::shared_ptr<CompiledProgram>(
      new CompiledProgram(ParseVerified(plan), std::move(store), std::move(backend), resources, cancelled));
}

CompiledProgram::CompiledProgram(Program program, std::shared_ptr<Store> store, std::shared_ptr<const Backend> backend,
                                 const ExecutorResources& resources, const std::atomic<bool>& cancelled)
    : plan_(std::move(program), std::move(backend), std::move(store), resources.pool, cancelled),
      prologue_(plan_, resources.stream),
      observer_(ObserverOf(plan_)),
      nanoseconds_(plan_.steps.size(), 0) {}

Instance& CompiledProgram::InstanceOf(const Arena& arena) {
  const auto of_arena = [&](const auto& entry) { return entry.first == &arena; };
  {
    const std::lock_guard lock(mutex_);
    const auto found = std::find_if(instances_.begin(), instances_.end(), of_arena);
    if (found != instances_.end()) return *found->second;
  }
  auto made = std::make_unique<Instance>(plan_, prologue_, observer_.get());  // no other thread has this arena
  const std::lock_guard lock(mutex_);
  return *instances_.emplace_back(&arena, std::move(made)).second;
}

void CompiledProgram::Run(const ExecutorResources& resources, RunRequest& request, const std::atomic<bool>& cancelled) {
  InstanceOf(resources.arena).Run(resources, request, cancelled);
  if (!request.profile) return;
  const std::lock_guard lock(mutex_);
  nanoseconds_ = request.nanoseconds;
}

size_t CompiledProgram::recordings() const {
  const std::lock_guard lock(mutex_);
  size_t sum = 0;
  for (const auto& [arena, instance] : instances_) sum += instance->recordings();
  return sum;
}

size_t CompiledProgram::recorded_steps() const {
  size_t sum = 0;
  for (const ExecutionPlan::Part& part : plan_.parts) sum += part.to - part.from;
  return sum;
}

std::string CompiledProgram::PlanText() const {
  std::string text = Print(plan_.program);
  if (!plan_.backend->device().records) return text;
  text += "# recorded: " + std::to_string(recorded_steps()) + " of " + std::to_string(plan_.steps.size()) + " steps\n";
  for (const auto line : std::views::split(plan_.unrecorded, '\n')) {
    if (!line.empty()) text += "# not recorded: " + std::string(line.begin(), line.end()) + "\n";
  }
  return text;
}

std::vector<Observation> CompiledProgram::Observations() const {
  return observer_ ? observer_->Seen() : std::vector<Observation>();
}

std::vector<StepReport> CompiledProgram::Steps() const {
  const std::lock_guard lock(mutex_);
  std::vector<StepReport> reports;
  reports.reserve(plan_.steps.size());
  for (size_t i = 0; i < plan_.steps.size(); ++i) {
    const Node& node = plan_.program.nodes[plan_.steps[i]];
    const Kernel& kernel = *plan_.nodes[plan_.steps[i]].kernel;
    StepReport report;
    report.op = Info(node.op).name;
    report.node = node.name;
    report.implementation = kernel.implementation();
    const Value& output = plan_.program.values[static_cast<size_t>(node.outputs[0])];
    TensorType whole = output.type;
    if (i < plan_.loop_end) whole.shape[0] *= plan_.loop_repeats;
    report.output = ToString(whole);
    if (output.encoding) report.output += " as " + ToString(*output.encoding);
    for (const PostOp& post : node.post_ops) report.post_ops.emplace_back(Info(post.kind).name);
    report.scratch_bytes = kernel.scratch_bytes();
    report.nanoseconds = nanoseconds_[i];
    reports.push_back(std::move(report));
  }
  return reports;
}

}  // namespace slimnet
