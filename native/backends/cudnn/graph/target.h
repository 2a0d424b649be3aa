// What plans are made for, as cuDNN is told.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "backends/cudnn/graph/descriptor.h"
#include "backends/cudnn/graph/library.h"

namespace slimnet::cudnn {

// A device, by its handle; or one that is elsewhere, by cuDNN's JSON text of its properties.
struct PlanTarget {
  std::shared_ptr<const Handle> handle;
  std::string properties;
};

class Target {
 public:
  // Error{kBackend} where cuDNN does not take the properties.
  Target(const std::shared_ptr<const Library>& library, PlanTarget target);

  // Each before the descriptor is finalized.
  void OfGraph(Descriptor& graph) const;
  void OfHeuristics(Descriptor& heuristics) const;
  void OfPlan(Descriptor& plan) const;

  // The properties of the device as cuDNN writes them; empty where it did not, for the reason in problem().
  const std::string& properties() const { return properties_; }
  const std::string& problem() const { return problem_; }

 private:
  std::shared_ptr<const Handle> handle_;
  std::optional<Descriptor> device_;  // where there is no handle
  std::string properties_;
  std::string problem_;
};

}  // namespace slimnet::cudnn
