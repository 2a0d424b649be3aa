#include "tools/bundle/bench.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstring>
#include <limits>
#include <mutex>
#include <utility>
#include <vector>

#include "base/error.h"
#include "runtime/executor.h"
#include "runtime/program_set.h"
#include "tools/bundle/compare.h"
#include "tools/bundle/machine.h"

namespace slimnet::bundle {
namespace {

using Clock = std::chrono::steady_clock;

// Nothing that is submitted is refused.
constexpr size_t kQueueLimit = std::numeric_limits<size_t>::max();

// Ended jobs, for the thread that waits for them.
class Ended {
 public:
  void Put(std::unique_ptr<Job> job) {
    const std::lock_guard lock(mutex_);
    jobs_.push_back(std::move(job));
    changed_.notify_one();
  }
  std::unique_ptr<Job> Take() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return !jobs_.empty(); });
    std::unique_ptr<Job> job = std::move(jobs_.front());
    jobs_.erase(jobs_.begin());
    return job;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::unique_ptr<Job>> jobs_;
};

class CompileJob final : public Job {
 public:
  CompileJob(const Case& item, std::shared_ptr<Store> store, const Executor& executor, LaneKind kind)
      : Job(store.get()), item_(item), store_(std::move(store)), executor_(executor), kind_(kind) {}
  void Execute(const ExecutorResources& resources) override {
    program_ = ProgramSet::Compile(std::string(item_.plan), store_, executor_, kind_, resources, cancelled());
  }
  std::shared_ptr<ProgramSet> program() const { return program_; }

 private:
  const Case& item_;
  std::shared_ptr<Store> store_;
  const Executor& executor_;
  LaneKind kind_;
  std::shared_ptr<ProgramSet> program_;
};

class RunJob final : public Job {
 public:
  RunJob(std::shared_ptr<ProgramSet> program, Parallelism parallelism, std::vector<const std::byte*> inputs,
         bool profile)
      : Job(&program->store(), parallelism, program->access()), program_(std::move(program)) {
    request_.inputs = std::move(inputs);
    request_.profile = profile;
  }
  void Begin() override { request_.step = program_->Begin(); }
  void Execute(const ExecutorResources& resources) override { program_->Run(resources, request_, cancelled()); }

  Clock::time_point submitted;
  const std::vector<HostBlock>& outputs() const { return request_.outputs; }

 private:
  std::shared_ptr<ProgramSet> program_;
  RunRequest request_;
};

double Seconds(Clock::duration duration) { return std::chrono::duration<double>(duration).count(); }

class QueueBench final : public Bench {
 public:
  explicit QueueBench(const BenchOptions& options)
      : options_(options),
        executor_(
            options.backend, options.threads, [this](std::unique_ptr<Job> job) { ended_.Put(std::move(job)); },
            options.gpu) {
    if (options.throughput) executor_.MakeSerialLanes();
    serial_ = options.throughput && options.threads > 1;
    executor_.AddUser();
  }
  ~QueueBench() override {
    executor_.RemoveUser();
    executor_.Shutdown();
  }
  QueueBench(const QueueBench&) = delete;
  QueueBench& operator=(const QueueBench&) = delete;

  Figures Time(const Case& item) override {
    const Values values(item);
    const auto store = NewStore(executor_.backends()[0], item, values);
    const auto begin = Clock::now();
    const auto kind = serial_ ? LaneKind::kSerial : LaneKind::kParallel;
    executor_.Submit(std::make_unique<CompileJob>(item, store, executor_, kind), kQueueLimit);
    const auto compiled = Succeeded(item);
    const std::shared_ptr<ProgramSet> program = static_cast<CompileJob&>(*compiled).program();
    Figures figures;
    figures.compile = Seconds(Clock::now() - begin);

    // Where a model's batches lie: memory that the device can be given at once.
    std::vector<std::unique_ptr<Memory>> rooms;
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
  void Submit(const std::shared_ptr<ProgramSet>& program, const std::vector<const std::byte*>& inputs, bool profile) {
    const auto parallelism = serial_ ? Parallelism::kSerial : Parallelism::kParallel;
    auto job = std::make_unique<RunJob>(program, parallelism, inputs, profile);
    job->submitted = Clock::now();
    executor_.Submit(std::move(job), kQueueLimit);
  }

  // The next job that has ended. Throws what it failed with.
  std::unique_ptr<Job> Succeeded(const Case& item) {
    std::unique_ptr<Job> job = ended_.Take();
    if (job->failure()) throw Error(job->failure()->code(), item.name + ": " + job->failure()->what());
    return job;
  }

  static std::vector<const std::byte*> Fill(const ProgramSet& program, const Case& item, const Values& values,
                                            const Memory& room) {
    std::vector<const std::byte*> inputs = InputsOf(program.inputs(), item.runs[0], values.feeds[0]);
    for (size_t i = 0; i < inputs.size(); ++i) {
      std::byte* const to = room.host() + program.input_offsets()[i];
      std::memcpy(to, inputs[i], ByteSize(program.inputs()[i].type));
      inputs[i] = to;
    }
    return inputs;
  }

  // The largest error of the first run. Throws where it is too large.
  static double Check(const Case& item, const ProgramSet& program, const RunJob& job) {
    double error = 0;
    size_t checked = 0;
    for (const Expectation& expected : item.runs[0].outputs) {
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

  void Measure(const Case& item, const std::shared_ptr<ProgramSet>& program,
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

  static void PrintSteps(const ProgramSet& program) {
    for (const StepReport& step : program.Steps()) {
      std::string post_ops;
      for (const std::string& post : step.post_ops) post_ops += " +" + post;
      std::printf("  %10.1f us  %s%s %s  %s  %s\n", static_cast<double>(step.nanoseconds) / 1e3, step.op.c_str(),
                  post_ops.c_str(), step.output.c_str(), step.implementation.c_str(), step.node.c_str());
    }
  }

  const BenchOptions options_;
  Ended ended_;
  Executor executor_;
  bool serial_ = false;
};

}  // namespace

std::unique_ptr<Bench> NewBench(const BenchOptions& options) { return std::make_unique<QueueBench>(options); }

}  // namespace slimnet::bundle
