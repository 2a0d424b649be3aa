// The operation graphs that slimnet's networks are made of, by name: which engines cuDNN has for them decides how the
// backend writes its graphs.
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "backends/cudnn/graph/graph.h"

namespace slimnet::cudnn::testing {

// Of batches of 32, as heuristics choose by size.
std::vector<std::pair<std::string, std::function<Graph()>>> EnginePatterns();

}  // namespace slimnet::cudnn::testing
