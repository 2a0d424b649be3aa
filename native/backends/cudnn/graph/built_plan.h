// A plan that cuDNN has built.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "backends/cudnn/graph/descriptor.h"
#include "backends/cudnn/graph/graph.h"
#include "backends/cudnn/graph/plan.h"
#include "backends/cudnn/graph/target.h"

namespace slimnet::cudnn {

class BuiltPlan final : public Plan {
 public:
  // `plan` is a finalized execution plan of `graph`.
  BuiltPlan(Descriptor plan, const Graph& graph, const NumericalNotes& notes);

  size_t workspace_bytes() const override { return workspace_bytes_; }
  const std::string& engine() const override { return engine_; }
  const NumericalNotes& notes() const override { return notes_; }
  const std::vector<PlanPort>& ports() const override { return ports_; }
  std::string Json() const override;
  void* native() const override { return plan_.native(); }

 private:
  Descriptor plan_;
  NumericalNotes notes_;
  size_t workspace_bytes_;
  std::string engine_;
  std::vector<PlanPort> ports_;
};

// The tensors of a graph that whoever runs a plan of it hands in: those that a step reads or writes.
std::vector<PlanPort> PortsOf(const Graph& graph);

// A plan as text, and from it: its notes, and cuDNN's JSON. Error{kBackend} where cuDNN does not take it.
std::string StoredText(const Plan& plan);
std::shared_ptr<const Plan> LoadPlan(const std::shared_ptr<const Library>& library, const Target& target,
                                     const Graph& graph, const std::string& stored);

}  // namespace slimnet::cudnn
