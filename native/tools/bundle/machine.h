// One backend with all that is needed to run cases on it.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "backend/backend.h"
#include "runtime/arena.h"
#include "runtime/compiled_program.h"
#include "runtime/thread_pool.h"
#include "tools/bundle/bundle.h"

namespace slimnet::bundle {

// The values that a case is run with: those of the bundle, or others in their place.
struct Values {
  std::map<std::string, std::vector<std::byte>> variables;
  std::vector<std::map<std::string, std::vector<std::byte>>> feeds;  // of each run

  explicit Values(const Case& item);
};

// What one run left.
struct RunResults {
  std::map<std::string, std::vector<std::byte>> outputs;
  std::map<std::string, std::vector<std::byte>> variables;  // those that are looked at
  std::optional<Error> failure;                             // of the run, ERR_EXECUTION
};

struct Computed {
  std::string refused;  // why the backend does not run the plan; then there is nothing else
  std::vector<RunResults> runs;
  std::vector<StepReport> steps;
  std::chrono::nanoseconds compile{0};
  std::chrono::nanoseconds run{0};  // all runs
};

// Whether a device still does what it is told: a lost one does nothing any more.
bool Works(const Backend& backend, Stream& stream);

class Machine {
 public:
  // Throws Error{kBackend}.
  Machine(const std::string& backend, int threads);

  const Backend& backend() const { return *backend_; }
  bool Works() { return bundle::Works(*backend_, *stream_); }
  // With variables of its own. Throws whatever is neither a refusal nor a run that fails.
  Computed Compute(const Case& item, const Values& values);

 private:
  RunResults RunOnce(CompiledProgram& program, Store& store, const Run& run,
                     const std::map<std::string, std::vector<std::byte>>& feeds, uint64_t number);

  std::shared_ptr<const Backend> backend_;
  ThreadPool pool_;
  std::unique_ptr<Stream> stream_;
  Arena arena_;
  const std::atomic<bool> never_{false};
};

// Declares and writes the variables of a case.
std::shared_ptr<Store> NewStore(std::shared_ptr<const Backend> backend, const Case& item, const Values& values);

// Where the inputs of a run are, in the program's order. Throws Error{kArgument} where a feed is missing or of another
// type.
std::vector<const std::byte*> InputsOf(const std::vector<ProgramPort>& ports, const Run& run,
                                       const std::map<std::string, std::vector<std::byte>>& feeds);

// What the steps chose, each once, in their order.
std::string Implementations(const std::vector<StepReport>& steps);

}  // namespace slimnet::bundle
