// Runs recorded cases (docs/gpu.md) on a backend and holds the results to what was recorded. Needs no Node.
#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/error.h"
#include "ir/text.h"
#include "runtime/cores.h"
#include "tools/bundle/arguments.h"
#include "tools/bundle/bundle.h"
#include "tools/bundle/journal.h"
#include "tools/bundle/machine.h"
#include "tools/bundle/verdict.h"

namespace {

using slimnet::Error;
using slimnet::ErrorCode;
using slimnet::bundle::Bundle;
using slimnet::bundle::Case;
using slimnet::bundle::CaseResult;
using slimnet::bundle::Journal;
using slimnet::bundle::Machine;
using State = slimnet::bundle::CaseResult::State;

constexpr const char* kUsage = R"(slimnet_replay [options] BUNDLE...
  --backend NAME      what is tested (onednn)
  --threads N         of backends that compute on the host (all cores)
  --filter TEXT       cases with this in their name; may be repeated
  --only NAME         the case of this name; may be repeated
  --list              names the cases and ends
  --stop              ends at the first case that fails
  --repeat N          runs each case as often (1)
  --seeds N           runs each case as often again, its values in another order, against the reference
  --first-seed N      the seed of the first of these (1)
  --no-reference      does not hold the reference backend, too, to what was recorded
  --limit N           at most so many cases
  --shard I/N         the I-th of N parts of the cases, counted from 0: for several processes at once
  --strict            what the backend refuses fails
  --journal FILE      notes what became of each case; started again with the same file, goes on where it ended
  --seconds N         ends the process when a case takes longer
  --verbose           every step of each case
)";

constexpr int64_t kMost = 1'000'000'000;

struct Options {
  std::string backend = "onednn";
  int threads = slimnet::AvailableCores();
  std::vector<std::string> filters;
  std::vector<std::string> only;
  bool list = false;
  bool stop = false;
  int64_t repeat = 1;
  int64_t seeds = 0;
  int64_t first_seed = 1;
  bool reference = true;
  int64_t limit = kMost;
  int64_t shard = 0;
  int64_t shards = 1;
  bool strict = false;
  bool verbose = false;
  std::string journal;
  int64_t seconds = 0;
  std::vector<std::string> files;
};

void ReadShard(const std::string& text, Options& options) {
  long long shard = 0;
  long long shards = 0;
  char rest = 0;
  const bool read = std::sscanf(text.c_str(), "%lld/%lld%c", &shard, &shards, &rest) == 2;
  if (!read || shard < 0 || shards < 1 || shard >= shards || shards > kMost) {
    throw Error(ErrorCode::kArgument, "--shard: expected I/N with I from 0 to N-1, received " + text + ".");
  }
  options.shard = shard;
  options.shards = shards;
}

std::optional<Options> ReadOptions(int argc, char** argv) {
  Options options;
  slimnet::bundle::Arguments arguments(argc, argv);
  while (!arguments.AtEnd()) {
    const std::string name = arguments.Next();
    if (name == "--help") return std::nullopt;
    if (name == "--backend") {
      options.backend = arguments.Value(name);
    } else if (name == "--threads") {
      options.threads = static_cast<int>(arguments.Integer(name, 1, 1024));
    } else if (name == "--filter") {
      options.filters.push_back(arguments.Value(name));
    } else if (name == "--only") {
      options.only.push_back(arguments.Value(name));
    } else if (name == "--list") {
      options.list = true;
    } else if (name == "--stop") {
      options.stop = true;
    } else if (name == "--repeat") {
      options.repeat = arguments.Integer(name, 1, kMost);
    } else if (name == "--seeds") {
      options.seeds = arguments.Integer(name, 0, kMost);
    } else if (name == "--first-seed") {
      options.first_seed = arguments.Integer(name, 0, kMost);
    } else if (name == "--no-reference") {
      options.reference = false;
    } else if (name == "--limit") {
      options.limit = arguments.Integer(name, 1, kMost);
    } else if (name == "--shard") {
      ReadShard(arguments.Value(name), options);
    } else if (name == "--strict") {
      options.strict = true;
    } else if (name == "--verbose") {
      options.verbose = true;
    } else if (name == "--journal") {
      options.journal = arguments.Value(name);
    } else if (name == "--seconds") {
      options.seconds = arguments.Integer(name, 1, kMost);
    } else if (name.starts_with("--")) {
      throw Error(ErrorCode::kArgument, "Unknown option " + name + "; --help names them.");
    } else {
      options.files.push_back(name);
    }
  }
  if (options.files.empty()) throw Error(ErrorCode::kArgument, "No bundle is named; --help tells how.");
  return options;
}

bool Chosen(const Options& options, const std::string& name) {
  if (options.filters.empty() && options.only.empty()) return true;
  for (const std::string& only : options.only) {
    if (name == only) return true;
  }
  for (const std::string& filter : options.filters) {
    if (name.find(filter) != std::string::npos) return true;
  }
  return false;
}

// Ends the process when a case takes too long: a device that hangs cannot be waited for.
class Watch {
 public:
  Watch(int64_t seconds, Journal& journal) : seconds_(seconds), journal_(journal) {
    if (seconds_ > 0) thread_ = std::thread([this] { Work(); });
  }
  ~Watch() {
    if (!thread_.joinable()) return;
    Set({}, true);
    thread_.join();
  }
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;

  // A case begins; none: it has ended.
  void Set(const std::string& name, bool ending = false) {
    const std::lock_guard lock(mutex_);
    name_ = name;
    begun_ = std::chrono::steady_clock::now();
    ending_ = ending;
    changed_.notify_one();
  }

 private:
  void Work() {
    std::unique_lock lock(mutex_);
    while (!ending_) {
      if (name_.empty()) {
        changed_.wait(lock);
        continue;
      }
      const auto deadline = begun_ + std::chrono::seconds(seconds_);
      if (changed_.wait_until(lock, deadline) != std::cv_status::timeout) continue;
      if (name_.empty() || std::chrono::steady_clock::now() < begun_ + std::chrono::seconds(seconds_)) continue;
      const std::string message = "no end after " + std::to_string(seconds_) + " s";
      journal_.Write("failed", name_, "{\"message\":" + slimnet::Quote(message) + "}");
      std::printf("FAILED   %s: %s\n", name_.c_str(), message.c_str());
      std::fflush(stdout);
      std::_Exit(3);
    }
  }

  const int64_t seconds_;
  Journal& journal_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::string name_;
  std::chrono::steady_clock::time_point begun_;
  bool ending_ = false;
  std::thread thread_;
};

double Milliseconds(std::chrono::nanoseconds time) { return static_cast<double>(time.count()) / 1e6; }

// NaN and infinity are no JSON.
std::string JsonNumber(double value) { return value <= 1e300 ? slimnet::NumberText(value) : "null"; }

std::string Json(const CaseResult& result) {
  return "{\"error\":" + JsonNumber(result.error) + ",\"message\":" + slimnet::Quote(result.message) +
         ",\"implementations\":" + slimnet::Quote(slimnet::bundle::Implementations(result.computed.steps)) +
         ",\"compileMs\":" + JsonNumber(Milliseconds(result.computed.compile)) +
         ",\"runMs\":" + JsonNumber(Milliseconds(result.computed.run)) + "}";
}

const char* Name(State state) {
  switch (state) {
    case State::kPassed:
      return "passed";
    case State::kFailed:
      return "failed";
    case State::kRefused:
      return "refused";
  }
  return "failed";
}

class Replay {
 public:
  explicit Replay(const Options& options)
      : options_(options),
        journal_(options.journal),
        watch_(options.seconds, journal_),
        machine_(options.backend, options.threads),
        reference_("reference", options.threads) {
    passed_ = journal_.passed();
    failed_ = journal_.failed();
    refused_ = journal_.refused();
    if (!journal_.interrupted().empty()) {
      std::printf("FAILED   %s: the process ended in this case\n", journal_.interrupted().c_str());
    }
  }

  // False: no further case is to be run.
  bool Run(const Case& item) {
    if (journal_.IsDone(item.name)) return true;
    journal_.Write("begun", item.name);
    watch_.Set(item.name);
    const CaseResult result = All(item);
    watch_.Set({});
    journal_.Write(Name(result.state), item.name, Json(result));
    Count(result.state);
    Print(item, result);
    if (result.state != State::kFailed) return true;
    lost_ = !machine_.Works();
    return !options_.stop && !lost_;
  }

  int Close() const {
    // Started again with the same journal, a new process goes on behind the case.
    if (lost_) std::printf("The device does nothing more for this process.\n");
    const slimnet::DeviceInfo& device = machine_.backend().device();
    std::printf("%s on %s: %zu refused\n", options_.backend.c_str(), device.hardware.c_str(), refused_);
    std::printf("%zu passed, %zu failed\n", passed_, failed_);
    if (passed_ + failed_ + refused_ == 0) {
      std::fprintf(stderr, "No case was run.\n");
      return 1;
    }
    return lost_ ? 4 : failed_ == 0 ? 0 : 1;
  }

 private:
  // The worst of all runs of a case.
  CaseResult All(const Case& item) {
    CaseResult result = slimnet::bundle::Check(item, machine_, reference_);
    if (result.state == State::kRefused) {
      if (options_.strict) result.state = State::kFailed;
      return result;
    }
    for (int64_t i = 1; i < options_.repeat && result.state == State::kPassed; ++i) {
      Merge(result, slimnet::bundle::Check(item, machine_, reference_), "repetition " + std::to_string(i + 1));
    }
    for (int64_t i = 0; i < options_.seeds && result.state == State::kPassed; ++i) {
      const int64_t seed = options_.first_seed + i;
      Merge(result, CheckShuffled(item, machine_, reference_, static_cast<uint64_t>(seed)),
            "seed " + std::to_string(seed));
    }
    // Where the reference is wrong, too, it is not the backend's fault.
    if (options_.reference && !item.slow_on_reference && machine_.backend().name() != "reference") {
      const CaseResult plain = slimnet::bundle::Check(item, reference_, reference_);
      if (plain.state == State::kFailed) {
        result.state = State::kFailed;
        result.message += (result.message.empty() ? "" : "; ") + ("the reference: " + plain.message);
      }
    }
    return result;
  }

  static void Merge(CaseResult& result, const CaseResult& other, const std::string& what) {
    result.error = std::max(result.error, other.error);
    if (other.state == State::kPassed) return;
    result.state = State::kFailed;
    result.message = what + ": " + other.message;
  }

  void Count(State state) {
    if (state == State::kPassed) ++passed_;
    if (state == State::kFailed) ++failed_;
    if (state == State::kRefused) ++refused_;
  }

  void Print(const Case& item, const CaseResult& result) const {
    if (result.state == State::kRefused) {
      std::printf("refused  %s: %s\n", item.name.c_str(), result.message.c_str());
    } else {
      const bool passed = result.state == State::kPassed;
      std::printf("%s  %-60s  %8.4f  %8.2f ms  %s\n", passed ? "passed " : "FAILED ", item.name.c_str(), result.error,
                  Milliseconds(result.computed.run), slimnet::bundle::Implementations(result.computed.steps).c_str());
      if (!result.message.empty()) std::printf("         %s\n", result.message.c_str());
    }
    if (options_.verbose) {
      for (const slimnet::StepReport& step : result.computed.steps) {
        std::string post_ops;
        for (const std::string& post : step.post_ops) post_ops += " +" + post;
        std::printf("         %s%s %s: %s, %zu bytes of scratch\n", step.op.c_str(), post_ops.c_str(),
                    step.output.c_str(), step.implementation.c_str(), step.scratch_bytes);
      }
    }
    std::fflush(stdout);
  }

  const Options& options_;
  Journal journal_;
  Watch watch_;
  Machine machine_;
  Machine reference_;
  size_t passed_ = 0;
  size_t failed_ = 0;
  size_t refused_ = 0;
  bool lost_ = false;  // the device, in the last case
};

int Main(int argc, char** argv) {
  const std::optional<Options> options = ReadOptions(argc, argv);
  if (!options) {
    std::fputs(kUsage, stdout);
    return 0;
  }
  std::vector<Bundle> bundles;
  for (const std::string& file : options->files) bundles.push_back(Bundle::Read(file));
  if (options->list) {
    for (const Bundle& bundle : bundles) {
      for (const Case& item : bundle.cases()) {
        if (Chosen(*options, item.name)) std::printf("%s\n", item.name.c_str());
      }
    }
    return 0;
  }
  Replay replay(*options);
  int64_t number = 0;
  for (const Bundle& bundle : bundles) {
    for (const Case& item : bundle.cases()) {
      if (!Chosen(*options, item.name) || number++ % options->shards != options->shard) continue;
      if (number > options->limit || !replay.Run(item)) return replay.Close();
    }
  }
  return replay.Close();
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return Main(argc, argv);
  } catch (const Error& error) {
    std::fprintf(stderr, "%s: %s\n", std::string(slimnet::Name(error.code())).c_str(), error.what());
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
  }
  return 2;
}
