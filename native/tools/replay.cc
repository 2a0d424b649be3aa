// Runs recorded cases (docs/gpu.md) on a backend and holds the results to what was recorded. Needs no Node.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <string>

#include "base/error.h"
#include "ir/text.h"
#include "tools/bundle/case_options.h"
#include "tools/bundle/journal.h"
#include "tools/bundle/machine.h"
#include "tools/bundle/verdict.h"
#include "tools/bundle/watch.h"
#include "tools/command_line/options.h"

namespace {

using slimnet::Error;
using slimnet::ErrorCode;
using slimnet::bundle::Case;
using slimnet::bundle::CaseResult;
using slimnet::bundle::Journal;
using slimnet::bundle::kMost;
using slimnet::bundle::Machine;
using slimnet::bundle::Watch;
using State = slimnet::bundle::CaseResult::State;

struct Options {
  slimnet::bundle::CaseOptions cases;
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

// False where only help was asked for.
bool ReadOptions(int argc, char** argv, Options& to) {
  slimnet::tools::Options options("slimnet_replay [options] BUNDLE...");
  to.cases.AddTo(options);
  options.Flag("--list", "names the cases and ends", to.list);
  options.Flag("--stop", "ends at the first case that fails", to.stop);
  options.Integer("--repeat N", "runs each case as often (1)", to.repeat, 1, kMost);
  options.Integer("--seeds N", "runs each case as often again, its values in another order, against the reference",
                  to.seeds, 0, kMost);
  options.Integer("--first-seed N", "the seed of the first of these (1)", to.first_seed, 0, kMost);
  options.Flag("--no-reference", "does not hold the reference backend, too, to what was recorded", to.reference, false);
  options.Integer("--limit N", "at most so many cases", to.limit, 1, kMost);
  options.Each("--shard I/N", "the I-th of N parts of the cases, counted from 0: for several processes at once",
               [&](const std::string& text) { ReadShard(text, to); });
  options.Flag("--strict", "what the backend refuses fails", to.strict);
  options.Text("--journal FILE",
               "notes what became of each case; started again with the same file, goes on where it ended", to.journal);
  options.Integer("--seconds N", "ends the process when a case takes longer", to.seconds, 1, kMost);
  options.Flag("--verbose", "every step of each case", to.verbose);
  return options.Read(argc, argv, to.cases.files);
}

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
        machine_(options.cases.backend, static_cast<int>(options.cases.threads)),
        reference_("reference", static_cast<int>(options.cases.threads)) {
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
    std::printf("%s on %s: %zu refused\n", options_.cases.backend.c_str(), device.hardware.c_str(), refused_);
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
  Options options;
  if (!ReadOptions(argc, argv, options)) return 0;
  if (options.list) {
    ForEachChosen(options.cases, [](const Case& item) {
      std::printf("%s\n", item.name.c_str());
      return true;
    });
    return 0;
  }
  Replay replay(options);
  int64_t number = 0;
  ForEachChosen(options.cases, [&](const Case& item) {
    if (number++ % options.shards != options.shard) return true;
    return number <= options.limit && replay.Run(item);
  });
  return replay.Close();
}

}  // namespace

int main(int argc, char** argv) {
  return slimnet::tools::RunTool([&] { return Main(argc, argv); });
}
