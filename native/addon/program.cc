#include "addon/program.h"

#include <array>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "addon/environment.h"
#include "addon/guard.h"
#include "addon/handle.h"
#include "addon/tensors.h"
#include "ir/limits.h"

namespace slimnet {
namespace {

constexpr size_t kMostParts = size_t{1} << 20;  // of an input
constexpr int64_t kLargestId = (int64_t{1} << 53) - 1;

class CompileJob final : public AsyncJob {
 public:
  CompileJob(std::string plan, std::shared_ptr<SharedStore> shared)
      : AsyncJob(shared->store().get()), plan_(std::move(plan)), shared_(std::move(shared)) {}

  void Execute(const ExecutorResources& resources) override {
    program_ = ProgramSet::Compile(std::move(plan_), shared_->store(), shared_->executor(), shared_->lane_kind(),
                                   resources, cancelled());
  }

  napi_value Result(napi_env env) override {
    auto handle = std::make_unique<ProgramHandle>();
    handle->program = std::move(program_);
    handle->shared = std::move(shared_);
    return NewHandle(env, Environment::Of(env).program_class, std::move(handle));
  }

 private:
  std::string plan_;
  std::shared_ptr<SharedStore> shared_;
  std::shared_ptr<ProgramSet> program_;
};

class RunJob final : public AsyncJob {
 public:
  RunJob(std::shared_ptr<ProgramSet> program, Parallelism parallelism, int64_t id, bool profile)
      : AsyncJob(&program->store(), parallelism, program->access()), program_(std::move(program)), id_(id) {
    request_.profile = profile;
    request_.inputs.resize(program_->inputs().size());
  }
  ~RunJob() override { program_->GiveInputs(std::move(room_)); }

  bool Is(const ProgramSet& program, int64_t id) const { return program_.get() == &program && id_ == id; }

  // Takes the parts of an input. With `borrowed`, what is memory of the addon's own is only held, and read in its place
  // or copied when the run begins; everything else is copied now.
  void TakeInput(Environment& environment, size_t index, const std::vector<ArrayView>& parts, bool borrowed) {
    const auto own = [&](const ArrayView& part) {
      return borrowed ? environment.own_memory().Find(part.buffer) : std::shared_ptr<const HostBlock>();
    };
    if (parts.size() == 1 && MayStay(index, parts[0])) {
      if (auto block = own(parts[0])) {
        held_.push_back(std::move(block));
        request_.inputs[index] = parts[0].bytes.data();
        return;
      }
    }
    if (!room_) room_ = program_->TakeInputs();
    std::byte* to = room_->host() + program_->input_offsets()[index];
    request_.inputs[index] = to;
    for (const ArrayView& part : parts) {
      if (auto block = own(part)) {
        held_.push_back(std::move(block));
        later_.push_back({to, part.bytes});
      } else {
        environment.large_copy().Copy(to, part.bytes.data(), part.bytes.size());
      }
      to += part.bytes.size();
    }
  }

  bool ReadyForOneThread() const override { return program_->HasProgramFor(LaneKind::kSerial); }
  bool MayBeGuestOn(LaneKind kind) const override { return program_->HasProgramFor(kind); }
  void Begin() override { request_.step = program_->Begin(); }

  void Execute(const ExecutorResources& resources) override {
    // The runs behind it will find it ready.
    if (crowded()) program_->AddProgramFor(LaneKind::kSerial, resources, cancelled());
    for (const Copy& copy : later_) CopyInPieces(resources.pool, copy.to, copy.from.data(), copy.from.size());
    program_->Run(resources, request_, cancelled());
  }

  napi_value Result(napi_env env) override {
    std::vector<napi_value> results;
    for (size_t i = 0; i < request_.outputs.size(); ++i) {
      results.push_back(MakeTypedArray(env, program_->outputs()[i].type.dtype, std::move(request_.outputs[i])));
    }
    return js::Array(env, results);
  }

 private:
  struct Copy {
    std::byte* to;
    std::span<const std::byte> from;
  };

  // A device with memory of its own takes the values from pinned memory, to which they are copied when the run begins.
  // Other values than floating ones may be indices, which are checked before they are used: JavaScript must not be able
  // to change them in between.
  bool MayStay(size_t index, const ArrayView& view) const {
    if (!program_->store().backend().device().shares_host_memory) return false;
    const DType dtype = program_->inputs()[index].type.dtype;
    const bool floating = dtype == DType::kFloat32 || dtype == DType::kFloat64;
    return floating && reinterpret_cast<uintptr_t>(view.bytes.data()) % kInputAlignment == 0;
  }

  std::shared_ptr<ProgramSet> program_;
  int64_t id_;
  std::unique_ptr<Memory> room_;  // for inputs that are copied
  std::vector<std::shared_ptr<const HostBlock>> held_;
  std::vector<Copy> later_;
  RunRequest request_;
};

ProgramHandle& HandleOf(const js::Arguments& arguments) {
  auto& handle = FromHandle<ProgramHandle>(arguments.env(), arguments.self(), "a program");
  if (!handle.program) throw Error(ErrorCode::kDisposed, "The program was disposed.");
  return handle;
}

int64_t ReadId(napi_env env, napi_value value) { return js::ReadInteger(env, value, "id", 0, kLargestId); }

bool IsArray(napi_env env, napi_value value) {
  bool is_array = false;
  js::Check(env, napi_is_array(env, value, &is_array));
  return is_array;
}

napi_value Run(const js::Arguments& arguments) {
  const napi_env env = arguments.env();
  // Reading options and elements may run JavaScript, which may do anything: the program is taken and the arrays are
  // looked at only after that, and from there to the end of the copy no JavaScript runs.
  const int64_t id = ReadId(env, js::Get(env, arguments[1], "id", "options"));
  const napi_value profile_value = js::Get(env, arguments[1], "profile", "options");
  const bool profile = !js::IsUndefined(env, profile_value) && js::ReadBoolean(env, profile_value, "profile");
  const napi_value borrowed_value = js::Get(env, arguments[1], "borrowed", "options");
  const bool borrowed = !js::IsUndefined(env, borrowed_value) && js::ReadBoolean(env, borrowed_value, "borrowed");
  const std::vector<napi_value> values = js::ReadArray(env, arguments[0], "inputs", limits::kNodes);
  // An input is an array, or several that follow one another.
  std::vector<std::vector<napi_value>> arrays;
  for (const napi_value value : values) {
    arrays.push_back(IsArray(env, value) ? js::ReadArray(env, value, "input", kMostParts)
                                         : std::vector<napi_value>{value});
  }
  ProgramHandle& handle = HandleOf(arguments);
  const std::vector<ProgramPort>& ports = handle.program->inputs();
  if (values.size() != ports.size()) {
    throw Error(ErrorCode::kArgument, "The program has " + std::to_string(ports.size()) + " inputs, received " +
                                          std::to_string(values.size()) + ".");
  }
  std::vector<std::vector<ArrayView>> views;
  for (size_t i = 0; i < ports.size(); ++i) {
    const std::string what = "Input " + ports[i].name + " (" + ToString(ports[i].type) + ")";
    size_t bytes = 0;
    size_t elements = 0;
    views.emplace_back();
    for (const napi_value part : arrays[i]) {
      views.back().push_back(ReadTypedArray(env, part, what));
      RequireDType(views.back().back(), ports[i].type.dtype, what);
      bytes += views.back().back().bytes.size();
      elements += views.back().back().length;
    }
    if (bytes != ByteSize(ports[i].type)) {
      throw Error(ErrorCode::kArgument, what + ": expected " + std::to_string(ElementCount(ports[i].type.shape)) +
                                            " elements, received " + std::to_string(elements) + ".");
    }
  }
  Environment& environment = Environment::Of(env);
  auto job = std::make_unique<RunJob>(handle.program, handle.shared->parallelism(), id, profile);
  for (size_t i = 0; i < views.size(); ++i) job->TakeInput(environment, i, views[i], borrowed);
  handle.shared->Account(env);
  return environment.Start(handle.shared->executor(), std::move(job), handle.shared->queue_limit());
}

napi_value Cancel(const js::Arguments& arguments) {
  const napi_env env = arguments.env();
  const int64_t id = ReadId(env, arguments[0]);
  const ProgramHandle& handle = HandleOf(arguments);
  handle.shared->executor().Cancel([&](const Job& job) {
    const auto* const run = dynamic_cast<const RunJob*>(&job);
    return run != nullptr && run->Is(*handle.program, id);
  });
  return js::Undefined(env);
}

napi_value PlanText(const js::Arguments& arguments) {
  return js::String(arguments.env(), HandleOf(arguments).program->PlanText());
}

napi_value Steps(const js::Arguments& arguments) {
  const napi_env env = arguments.env();
  std::vector<napi_value> list;
  for (const StepReport& step : HandleOf(arguments).program->Steps()) {
    const napi_value object = js::Object(env);
    js::Set(env, object, "op", js::String(env, step.op));
    js::Set(env, object, "node", js::String(env, step.node));
    js::Set(env, object, "implementation", js::String(env, step.implementation));
    js::Set(env, object, "output", js::String(env, step.output));
    js::Set(env, object, "postOps", js::StringArray(env, step.post_ops));
    js::Set(env, object, "scratchBytes", js::Number(env, static_cast<double>(step.scratch_bytes)));
    js::Set(env, object, "nanoseconds", js::Number(env, static_cast<double>(step.nanoseconds)));
    list.push_back(object);
  }
  return js::Array(env, list);
}

napi_value StatsOfProgram(const js::Arguments& arguments) {
  const napi_env env = arguments.env();
  const ProgramStats stats = HandleOf(arguments).program->Stats();
  const napi_value object = js::Object(env);
  js::Set(env, object, "arenaBytes", js::Number(env, static_cast<double>(stats.arena_bytes)));
  js::Set(env, object, "constantBytes", js::Number(env, static_cast<double>(stats.constant_bytes)));
  js::Set(env, object, "spareBytes", js::Number(env, static_cast<double>(stats.spare_bytes)));
  js::Set(env, object, "recordings", js::Number(env, static_cast<double>(stats.recordings)));
  js::Set(env, object, "recordedSteps", js::Number(env, static_cast<double>(stats.recorded_steps)));
  js::Set(env, object, "unrecorded", js::String(env, stats.unrecorded));
  js::Set(env, object, "runs", js::Number(env, static_cast<double>(stats.runs)));
  return object;
}

napi_value Ranges(const js::Arguments& arguments) {
  const napi_env env = arguments.env();
  std::vector<napi_value> list;
  for (const Observation& seen : HandleOf(arguments).program->Observations()) {
    const napi_value object = js::Object(env);
    js::Set(env, object, "name", js::String(env, seen.name));
    js::Set(env, object, "smallest", js::Number(env, seen.smallest));
    js::Set(env, object, "largest", js::Number(env, seen.largest));
    js::Set(env, object, "notFinite", js::Number(env, seen.not_finite));
    js::Set(env, object, "limit", js::Number(env, seen.limit));
    HostBlock counts(sizeof seen.counts);
    std::memcpy(counts.data(), seen.counts.data(), sizeof seen.counts);
    js::Set(env, object, "counts", MakeTypedArray(env, DType::kFloat64, std::move(counts)));
    list.push_back(object);
  }
  return js::Array(env, list);
}

napi_value DisposeProgram(const js::Arguments& arguments) {
  const napi_env env = arguments.env();
  FromHandle<ProgramHandle>(env, arguments.self(), "a program").Finalize(env);
  return js::Undefined(env);
}

}  // namespace

napi_value DefineProgramClass(napi_env env) {
  static constexpr std::array<Method, 7> kMethods{{{"run", Entry<Run>},
                                                   {"cancel", Entry<Cancel>},
                                                   {"plan", Entry<PlanText>},
                                                   {"steps", Entry<Steps>},
                                                   {"stats", Entry<StatsOfProgram>},
                                                   {"ranges", Entry<Ranges>},
                                                   {"dispose", Entry<DisposeProgram>}}};
  return DefineHandleClass(env, "NativeProgram", kMethods);
}

napi_value CompilePlan(const js::Arguments& arguments) {
  const napi_env env = arguments.env();
  std::string plan = js::ReadString(env, arguments[0], "plan", limits::kTextBytes);
  auto shared = StoreOf(env, arguments[1]);
  Executor& executor = shared->executor();
  const size_t queue_limit = shared->queue_limit();
  return Environment::Of(env).Start(executor, std::make_unique<CompileJob>(std::move(plan), std::move(shared)),
                                    queue_limit);
}

}  // namespace slimnet
