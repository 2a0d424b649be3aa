// Finds plans for operation graphs: asks cuDNN's heuristics, drops engines that the rules forbid, builds what is left
// in order, and keeps what was found, in memory and on disk.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "backend/backend.h"
#include "backends/cudnn/graph/graph.h"
#include "backends/cudnn/graph/library.h"
#include "backends/cudnn/graph/plan.h"
#include "backends/cudnn/graph/plan_folder.h"
#include "backends/cudnn/graph/target.h"

namespace slimnet::cudnn {

// Which engines may compute. Those that turn inputs into smaller types by themselves never do.
struct PlanRules {
  bool allow_tf32 = false;                     // float32 products of inputs that are cut to ten bits of fraction
  bool deterministic = true;                   // the same bits each time
  size_t workspace_bytes = size_t{256} << 20;  // at most
};

// Why the rules forbid an engine with these notes for a graph that multiplies float32 numbers, or others; null: they
// allow it.
const char* Forbids(const PlanRules& rules, bool float32_product, const NumericalNotes& notes);

// How to choose among the plans that the rules allow: by running them.
struct Autotune {
  // Seconds that one run of the plan takes; throws Error where it does not run. Given by who owns a device.
  std::function<double(const Plan&)> measure;
  // Seconds on some clock.
  std::function<double()> now;
  double seconds = 5;      // for one graph: behind it no further plan is built or measured
  size_t candidates = 32;  // plans that are built at most
};

// An engine with settings, as heuristics offer it.
struct Candidate {
  bool fallback = false;  // of the second list, which is asked for where the first one has nothing
  int64_t engine = 0;
  NumericalNotes notes;
};

class Plans {
 public:
  // Throws Error{kBackend} where cuDNN does not take the properties. `folder` may be null.
  Plans(std::shared_ptr<const Library> library, PlanTarget target, std::shared_ptr<PlanFolder> folder = nullptr);
  ~Plans();
  Plans(const Plans&) = delete;
  Plans& operator=(const Plans&) = delete;

  // Can the graph be computed under these rules? The reason says what cuDNN said. Builds the plan, which Build then
  // finds.
  Verdict Check(const Graph& graph, const PlanRules& rules) const;
  // The first plan that the rules allow: from memory, from the folder, or a new one. Error{kBackend} where there is
  // none.
  std::shared_ptr<const Plan> Build(const Graph& graph, const PlanRules& rules) const;
  // The fastest plan that the rules allow, as far as the budget reaches; the first one that can be built where none
  // could be measured within it. What was tuned once is found again.
  std::shared_ptr<const Plan> Tune(const Graph& graph, const PlanRules& rules, const Autotune& autotune) const;

  // All that heuristics offer, before any rule, in their order.
  std::vector<Candidate> Candidates(const Graph& graph) const;
  // The properties of the device as cuDNN writes them (JSON).
  const std::string& DeviceProperties() const;
  // What decides whether a plan from the folder can be loaded: cuDNN's version, and the properties of the device and
  // its driver that cuDNN compares.
  const std::string& Fingerprint() const;
  // Why the last plan could not be kept in the folder; empty: it could.
  std::string FolderProblem() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace slimnet::cudnn
