// An operation graph in cuDNN's own descriptors.
#pragma once

#include <memory>

#include "backends/cudnn/graph/descriptor.h"
#include "backends/cudnn/graph/graph.h"
#include "backends/cudnn/graph/target.h"

namespace slimnet::cudnn {

// The finalized operation graph for a target. Error{kBackend} where cuDNN does not accept it.
Descriptor Lower(const std::shared_ptr<const Library>& library, const Graph& graph, const Target& target);

}  // namespace slimnet::cudnn
