#include "runtime/compiled_program.h"

#include <algorithm>
#include <string>
#include <utility>

#include "runtime/instance.h"

namespace slimnet {
Instance& CompiledProgram::InstanceOf(const Arena& arena) {
  const auto of_arena = [&](const auto& entry) { return entry.first == &arena; };
  {
    const std::lock_guard lock(mutex_);
    const auto found = std::find_if(instances_.begin(), instances_.end(), of_arena);
    if (found != instances_.end()) return *found->second;
  }
  auto made = std::make_unique<Instance>(*this);  // no other thread has this arena
  const std::lock_guard lock(mutex_);
  return *instances_.emplace_back(&arena, std::move(made)).second;
}

void CompiledProgram::Run(const ExecutorResources& resources, RunRequest& request, const std::atomic<bool>& cancelled) {
  InstanceOf(resources.arena).Run(resources, request, cancelled);
}

std::vector<Observation> CompiledProgram::Observations() const {
  return observer_ ? observer_->Seen() : std::vector<Observation>();
}

std::vector<StepReport> CompiledProgram::Steps() const {
  const std::lock_guard lock(mutex_);
  std::vector<StepReport> reports;
  reports.reserve(steps_.size());
  for (size_t i = 0; i < steps_.size(); ++i) {
    const Node& node = program_.nodes[steps_[i]];
    const Kernel& kernel = *nodes_[steps_[i]].kernel;
    StepReport report;
    report.op = Info(node.op).name;
    report.node = node.name;
    report.implementation = kernel.implementation();
    const Value& output = program_.values[static_cast<size_t>(node.outputs[0])];
    TensorType whole = output.type;
    if (node.repeated) whole.shape[0] *= program_.repeats;
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
