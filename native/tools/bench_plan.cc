// Times recorded cases (docs/gpu.md) as a session would run them: through an executor's queue. Needs no Node.
//
// A case that gives other results than were recorded has no figures.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstring>
#include <limits>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "ir/text.h"
#include "runtime/cores.h"
#include "runtime/executor.h"
#include "runtime/program_set.h"
#include "tools/bundle/arguments.h"
#include "tools/bundle/bundle.h"
#include "tools/bundle/compare.h"
#include "tools/bundle/machine.h"

namespace {

using slimnet::Error;
using slimnet::ErrorCode;
using slimnet::bundle::Bundle;
using slimnet::bundle::Case;
using Clock = std::chrono::steady_clock;

constexpr const char* kUsage = R"(slimnet_bench_plan [options] BUNDLE...
  --backend NAME      (onednn)
  --threads N         of backends that compute on the host (all cores)
  --filter TEXT       cases with this in their name; may be repeated
  --in-flight N       so many runs wait or are at work at a time (1)
  --mode MODE         latency or throughput, as a session's (latency)
  --runs N            measures at least so many runs (20)
  --seconds N         and at least so long (2)
  --steps             the time of each step, of one more run
  --no-graphs         of GPUs: steps are queued one by one, and not as a recorded whole
  --autotune SECONDS  of GPUs: for each step the fastest implementation, looked for so long at most
  --tf32              of GPUs: float32 products may cut their inputs
  --json FILE         adds a line for each case
)";

constexpr int64_t kMost = 1'000'000'000;

struct Options {
  std::string backend = "onednn";
  int threads = slimnet::AvailableCores();
  std::vector<std::string> filters;
  int64_t in_flight = 1;
  bool throughput = false;
  int64_t runs = 20;
  int64_t seconds = 2;
  bool steps = false;
  std::optional<slimnet::GpuOptions> gpu = {};
  std::string json;
  std::vector<std::string> files;
};

std::optional<Options> ReadOptions(int argc, char** argv) {
  Options options;
  slimnet::bundle::Arguments arguments(argc, argv);
  const auto gpu = [&]() -> slimnet::GpuOptions& { return options.gpu ? *options.gpu : options.gpu.emplace(); };
  while (!arguments.AtEnd()) {
    const std::string name = arguments.Next();
    if (name == "--help") return std::nullopt;
    if (name == "--backend") {
      options.backend = arguments.Value(name);
    } else if (name == "--threads") {
      options.threads = static_cast<int>(arguments.Integer(name, 1, 1024));
    } else if (name == "--filter") {
      options.filters.push_back(arguments.Value(name));
    } else if (name == "--in-flight") {
      options.in_flight = arguments.Integer(name, 1, 64);
    } else if (name == "--mode") {
      const std::string mode = arguments.Value(name);
      if (mode != "latency" && mode != "throughput") {
        throw Error(ErrorCode::kArgument, "--mode: expected latency or throughput, received " + mode + ".");
      }
      options.throughput = mode == "throughput";
    } else if (name == "--runs") {
      options.runs = arguments.Integer(name, 1, kMost);
    } else if (name == "--seconds") {
      options.seconds = arguments.Integer(name, 0, kMost);
    } else if (name == "--steps") {
      options.steps = true;
    } else if (name == "--no-graphs") {
      gpu().graphs = false;
    } else if (name == "--autotune") {
      gpu().autotune_seconds = static_cast<double>(arguments.Integer(name, 0, 3600));
    } else if (name == "--tf32") {
      gpu().allow_tf32 = true;
    } else if (name == "--json") {
      options.json = arguments.Value(name);
    } else if (name.starts_with("--")) {
      throw Error(ErrorCode::kArgument, "Unknown option " + name + "; --help names them.");
    } else {
      options.files.push_back(name);
    }
  }
  if (options.files.empty()) throw Error(ErrorCode::kArgument, "No bundle is named; --help tells how.");
  return options;
}

// Ended jobs, for the thread that waits for them.
class Ended {
 public:
  void Put(std::unique_ptr<slimnet::Job> job) {
    const std::lock_guard lock(mutex_);
    jobs_.push_back(std::move(job));
    changed_.notify_one();
  }
  std::unique_ptr<slimnet::Job> Take() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return !jobs_.empty(); });
    std::unique_ptr<slimnet::Job> job = std::move(jobs_.front());
    jobs_.erase(jobs_.begin());
    return job;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::unique_ptr<slimnet::Job>> jobs_;
};

class CompileJob final : public slimnet::Job {
 public:
  CompileJob(const Case& item, std::shared_ptr<slimnet::Store> store, const slimnet::Executor& executor,
             slimnet::LaneKind kind)
      : Job(store.get()), item_(item), store_(std::move(store)), executor_(executor), kind_(kind) {}
  void Execute(const slimnet::ExecutorResources& resources) override {
    program_ = slimnet::ProgramSet::Compile(std::string(item_.plan), store_, executor_, kind_, resources, cancelled());
  }
  std::shared_ptr<slimnet::ProgramSet> program() const { return program_; }

 private:
  const Case& item_;
  std::shared_ptr<slimnet::Store> store_;
  const slimnet::Executor& executor_;
  slimnet::LaneKind kind_;
  std::shared_ptr<slimnet::ProgramSet> program_;
};

class RunJob final : public slimnet::Job {
 public:
  RunJob(std::shared_ptr<slimnet::ProgramSet> program, slimnet::Parallelism parallelism,
         std::vector<const std::byte*> inputs, bool profile)
      : Job(&program->store(), parallelism, program->access()), program_(std::move(program)) {
    request_.inputs = std::move(inputs);
    request_.profile = profile;
  }
  void Begin() override { request_.step = program_->Begin(); }
  void Execute(const slimnet::ExecutorResources& resources) override {
    program_->Run(resources, request_, cancelled());
  }

  Clock::time_point submitted;
  const std::vector<slimnet::HostBlock>& outputs() const { return request_.outputs; }

 private:
  std::shared_ptr<slimnet::ProgramSet> program_;
  slimnet::RunRequest request_;
};

double Seconds(Clock::duration duration) { return std::chrono::duration<double>(duration).count(); }

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
  explicit Bench(const Options& options)
      : options_(options),
        executor_(
            options.backend, options.threads, [this](std::unique_ptr<slimnet::Job> job) { ended_.Put(std::move(job)); },
            options.gpu) {
    if (options.throughput) executor_.MakeSerialLanes();
    serial_ = options.throughput && options.threads > 1;
    executor_.AddUser();
  }
  ~Bench() {
    executor_.RemoveUser();
    executor_.Shutdown();
  }
  Bench(const Bench&) = delete;
  Bench& operator=(const Bench&) = delete;

  Figures Time(const Case& item) {
    const slimnet::bundle::Values values(item);
    const auto store = slimnet::bundle::NewStore(executor_.backends()[0], item, values);
    const auto begin = Clock::now();
    const auto kind = serial_ ? slimnet::LaneKind::kSerial : slimnet::LaneKind::kParallel;
    executor_.Submit(std::make_unique<CompileJob>(item, store, executor_, kind), kMost);
    const auto compiled = Succeeded(item);
    const std::shared_ptr<slimnet::ProgramSet> program = static_cast<CompileJob&>(*compiled).program();
    Figures figures;
    figures.compile = Seconds(Clock::now() - begin);

    // Where a model's batches lie: memory that the device can be given at once.
    std::vector<std::unique_ptr<slimnet::Memory>> rooms;
    std::vector<std::vector<const std::byte*>> inputs;
    for (int64_t i = 0; i < options_.in_flight; ++i) {
      rooms.push_back(program->TakeInputs());
      inputs.push_back(Fill(*program, item, values, *rooms.back()));
    }
    if (!program->inputs().empty() && !program->inputs()[0].type.shape.empty()) {
      figures.batch = program->inputs()[0].type.shape[0];
    } else if (!program->outputs().empty() && !program->outputs()[0].type.shape.empty()) {
      figures.batch = program->outputs()[0].type.shape[0];
    }

    const auto first = Clock::now();
    Submit(program, inputs[0], false);
    const auto checked = Succeeded(item);
    figures.first = Seconds(Clock::now() - first);
    figures.error = Check(item, *program, static_cast<RunJob&>(*checked));
    Measure(item, program, inputs, figures);
    figures.arena_bytes = program->Stats().arena_bytes;
    figures.recorded_steps = program->Stats().recorded_steps;
    if (options_.steps) {
      Submit(program, inputs[0], true);
      Succeeded(item);
      PrintSteps(*program);
    }
    for (auto& room : rooms) program->GiveInputs(std::move(room));
    return figures;
  }

 private:
  void Submit(const std::shared_ptr<slimnet::ProgramSet>& program, const std::vector<const std::byte*>& inputs,
              bool profile) {
    const auto parallelism = serial_ ? slimnet::Parallelism::kSerial : slimnet::Parallelism::kParallel;
    auto job = std::make_unique<RunJob>(program, parallelism, inputs, profile);
    job->submitted = Clock::now();
    executor_.Submit(std::move(job), kMost);
  }

  // The next job that has ended. Throws what it failed with.
  std::unique_ptr<slimnet::Job> Succeeded(const Case& item) {
    std::unique_ptr<slimnet::Job> job = ended_.Take();
    if (job->failure()) throw Error(job->failure()->code(), item.name + ": " + job->failure()->what());
    return job;
  }

  static std::vector<const std::byte*> Fill(const slimnet::ProgramSet& program, const Case& item,
                                            const slimnet::bundle::Values& values, const slimnet::Memory& room) {
    std::vector<const std::byte*> inputs = slimnet::bundle::InputsOf(program.inputs(), item.runs[0], values.feeds[0]);
    for (size_t i = 0; i < inputs.size(); ++i) {
      std::byte* const to = room.host() + program.input_offsets()[i];
      std::memcpy(to, inputs[i], slimnet::ByteSize(program.inputs()[i].type));
      inputs[i] = to;
    }
    return inputs;
  }

  // The largest error of the first run. Throws where it is too large.
  static double Check(const Case& item, const slimnet::ProgramSet& program, const RunJob& job) {
    double error = 0;
    size_t checked = 0;
    for (const slimnet::bundle::Expectation& expected : item.runs[0].outputs) {
      for (size_t i = 0; i < program.outputs().size(); ++i) {
        if (program.outputs()[i].name != expected.tensor.name) continue;
        const auto found = Compare(job.outputs()[i].span(), expected);
        if (!found.text.empty()) {
          throw Error(ErrorCode::kExecution, item.name + ": " + expected.tensor.name + ": " + found.text + ".");
        }
        error = std::max(error, found.error);
        ++checked;
      }
    }
    if (checked == 0) throw Error(ErrorCode::kArgument, item.name + ": nothing is known of its results.");
    return error;
  }

  void Measure(const Case& item, const std::shared_ptr<slimnet::ProgramSet>& program,
               const std::vector<std::vector<const std::byte*>>& inputs, Figures& figures) {
    // What the first run did alone is done; caches and clocks are not as they will be.
    for (int i = 0; i < 3; ++i) {
      Submit(program, inputs[0], false);
      Succeeded(item);
    }
    std::vector<double> times;
    const auto begin = Clock::now();
    const auto enough = [&] {
      return static_cast<int64_t>(times.size()) >= options_.runs &&
             Seconds(Clock::now() - begin) >= static_cast<double>(options_.seconds);
    };
    for (const auto& input : inputs) Submit(program, input, false);
    size_t waiting = inputs.size();
    size_t next = 0;
    while (waiting > 0) {
      const auto ended = Succeeded(item);
      times.push_back(Seconds(Clock::now() - static_cast<RunJob&>(*ended).submitted));
      if (enough()) {
        --waiting;
      } else {
        Submit(program, inputs[next++ % inputs.size()], false);
      }
    }
    figures.runs = times.size();
    figures.runs_per_second = static_cast<double>(times.size()) / Seconds(Clock::now() - begin);
    std::sort(times.begin(), times.end());
    figures.median = times[times.size() / 2];
    figures.fast = times[times.size() / 10];
    figures.slow = times[times.size() - 1 - times.size() / 10];
  }

  static void PrintSteps(const slimnet::ProgramSet& program) {
    for (const slimnet::StepReport& step : program.Steps()) {
      std::string post_ops;
      for (const std::string& post : step.post_ops) post_ops += " +" + post;
      std::printf("  %10.1f us  %s%s %s  %s  %s\n", static_cast<double>(step.nanoseconds) / 1e3, step.op.c_str(),
                  post_ops.c_str(), step.output.c_str(), step.implementation.c_str(), step.node.c_str());
    }
  }

  const Options& options_;
  Ended ended_;
  slimnet::Executor executor_;
  bool serial_ = false;
};

bool Chosen(const Options& options, const std::string& name) {
  return options.filters.empty() ||
         std::any_of(options.filters.begin(), options.filters.end(),
                     [&](const std::string& filter) { return name.find(filter) != std::string::npos; });
}

void Report(const Options& options, const Case& item, const Figures& f) {
  const double images = f.runs_per_second * static_cast<double>(f.batch);
  std::printf("%-56s %9.3f ms (%.3f to %.3f)  %10.1f images/s  %zu runs, compiled in %.1f s, error %.3f\n",
              item.name.c_str(), 1e3 * f.median, 1e3 * f.fast, 1e3 * f.slow, images, f.runs, f.compile, f.error);
  std::fflush(stdout);
  if (options.json.empty()) return;
  std::FILE* const file = std::fopen(options.json.c_str(), "a");
  if (file == nullptr) throw Error(ErrorCode::kArgument, "Could not write " + options.json + ".");
  std::fprintf(file,
               "{\"case\":%s,\"backend\":%s,\"inFlight\":%lld,\"mode\":\"%s\",\"batch\":%lld,\"medianMs\":%.6g,"
               "\"fastMs\":%.6g,\"slowMs\":%.6g,\"imagesPerSecond\":%.6g,\"runs\":%zu,\"compileSeconds\":%.6g,"
               "\"firstMs\":%.6g,\"error\":%.6g,\"arenaBytes\":%zu,\"recordedSteps\":%zu,\"autotuned\":%s}\n",
               slimnet::Quote(item.name).c_str(), slimnet::Quote(options.backend).c_str(),
               static_cast<long long>(options.in_flight), options.throughput ? "throughput" : "latency",
               static_cast<long long>(f.batch), 1e3 * f.median, 1e3 * f.fast, 1e3 * f.slow, images, f.runs, f.compile,
               1e3 * f.first, f.error, f.arena_bytes, f.recorded_steps,
               options.gpu && options.gpu->autotune_seconds ? "true" : "false");
  std::fclose(file);
}

int Main(int argc, char** argv) {
  const std::optional<Options> options = ReadOptions(argc, argv);
  if (!options) {
    std::fputs(kUsage, stdout);
    return 0;
  }
  size_t timed = 0;
  size_t failed = 0;
  Bench bench(*options);
  for (const std::string& path : options->files) {
    const Bundle bundle = Bundle::Read(path);
    for (const Case& item : bundle.cases()) {
      if (!Chosen(*options, item.name)) continue;
      try {
        Report(*options, item, bench.Time(item));
        ++timed;
      } catch (const Error& error) {
        std::printf("FAILED %s\n", error.what());
        ++failed;
      }
    }
  }
  std::printf("%zu timed, %zu failed\n", timed, failed);
  return timed > 0 && failed == 0 ? 0 : 1;
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
