// An operation graph in cuDNN's own descriptors.
#pragma once

#include <memory>

#include "backends/cudnn/graph/descriptor.h"
#include "backends/cudnn/graph/graph.h"

namespace slimnet::cudnn {

// The finalized operation graph. Error{kBackend} where cuDNN does not accept it.
Descriptor Lower(const std::shared_ptr<const Library>& library, const Graph& graph);

}  // namespace slimnet::cudnn
