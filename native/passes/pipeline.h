// The order of the passes.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "backend/backend.h"
#include "ir/program.h"

namespace slimnet {

struct Pass {
  std::string_view name;
  void (*run)(Program&, const Backend&);
};

struct PipelineOptions {
  // Which passes to run, in this order; all of the pipeline when left out.
  std::optional<std::vector<std::string>> passes;
  // Verify after each pass. Debug builds always do.
  bool verify = false;
  // Called after each pass, for dumps.
  std::function<void(std::string_view name, const Program& program)> observe;
};

std::span<const Pass> Pipeline();

// Verifies the program and runs the passes on it. Throws Error{kArgument} for a name that is no pass, what Verify
// throws when the program is wrong to begin with, and Error{kInternal} when a pass left a program that Verify refuses.
void RunPipeline(Program& program, const Backend& backend, const PipelineOptions& options = {});

}  // namespace slimnet
