// Times recorded cases as a session would run them: through an executor's queue.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "backend/backend.h"
#include "tools/bundle/bundle.h"

namespace slimnet::bundle {

struct BenchOptions {
  std::string backend = "onednn";
  int threads = 1;
  int64_t in_flight = 1;  // so many runs wait or are at work at a time
  bool throughput = false;
  int64_t runs = 20;    // at least
  int64_t seconds = 2;  // and at least so long
  bool steps = false;   // prints the time of each step, of one more run
  std::optional<GpuOptions> gpu = {};
};

struct Figures {
  double compile = 0;  // seconds
  double first = 0;    // the first run, which makes the constants
  double median = 0;
  double fast = 0;  // a tenth of the runs took less, and a tenth more
  double slow = 0;
  double runs_per_second = 0;
  size_t runs = 0;
  int64_t batch = 1;
  double error = 0;
  size_t arena_bytes = 0;
  size_t recorded_steps = 0;  // of a GPU's
};

class Bench {
 public:
  virtual ~Bench() = default;
  // Throws Error, where the case fails and where it gives other results than were recorded.
  virtual Figures Time(const Case& item) = 0;
};

// Throws Error{kBackend}.
std::unique_ptr<Bench> NewBench(const BenchOptions& options);

}  // namespace slimnet::bundle
