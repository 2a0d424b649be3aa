// Finding plans with the real cuDNN, for a device that is not there: rules, memory, the folder, autotuning.
#include "backends/cudnn/graph/plans.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <thread>

#include "base/error.h"
#include "native/cudnn/plan_case.h"
#include "native/cudnn/temporary_folder.h"

namespace slimnet::cudnn::testing {
namespace {

namespace fs = std::filesystem;

// conv + bias + relu.
Graph Convolved(DType type, int64_t channels = 16) {
  Graph graph;
  const Tensor x = graph.Stored(type, {2, channels, 8, 8}), w = graph.Stored(type, {16, channels, 3, 3});
  const Tensor bias = graph.Stored(type, {1, 16, 1, 1});
  Window window;
  window.before = window.after = {1, 1};
  graph.Store(graph.Relu(graph.Add(graph.Convolution(x, w, window), bias)), type);
  return graph;
}

// What no engine takes: a reduction with something behind it.
Graph Impossible() {
  Graph graph;
  const Tensor sum = graph.Reduction(Reduce::kSum, graph.Stored(DType::kFloat32, {2, 64, 7, 7}), {2, 64, 1, 1});
  graph.Store(graph.Mul(sum, graph.ByValue()), DType::kFloat32);
  return graph;
}

std::unique_ptr<Plans> NewPlans(std::shared_ptr<PlanFolder> folder = nullptr, std::string device = {}) {
  if (device.empty()) device = slimnet::testing::H200();
  return std::make_unique<Plans>(slimnet::testing::OpenPinnedCudnn(), PlanTarget{nullptr, device}, std::move(folder));
}

std::string Replaced(std::string text, const std::string& from, const std::string& to) {
  const size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return at == std::string::npos ? text : text.replace(at, from.size(), to);
}

template <class F>
std::string BackendError(F&& run) {
  try {
    run();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kBackend);
    return error.what();
  }
  return "nothing";
}

TEST(CudnnPlans, KnowTheirPorts) {
  SLIMNET_NEEDS_CUDNN();
  const auto plan = PinnedPlans().Build(Convolved(DType::kBFloat16), {});
  ASSERT_EQ(plan->ports().size(), 4U);
  EXPECT_EQ(plan->ports()[0].bytes, 2U * 2 * 16 * 8 * 8);
  EXPECT_FALSE(plan->ports()[0].written);
  EXPECT_EQ(plan->ports()[3].id, 6);
  EXPECT_TRUE(plan->ports()[3].written);
  EXPECT_EQ(plan->ports()[3].alignment, 16U);
  EXPECT_NE(plan->engine().find(":cudnn_"), std::string::npos) << plan->engine();
}

TEST(CudnnPlans, Float32IsNotComputedInTf32UnlessThatIsAllowed) {
  SLIMNET_NEEDS_CUDNN();
  const Graph graph = Convolved(DType::kFloat32);
  EXPECT_FALSE(PinnedPlans().Build(graph, {})->notes().tensor_core);
  PlanRules rules;
  rules.allow_tf32 = true;
  EXPECT_TRUE(PinnedPlans().Build(graph, rules)->notes().tensor_core);
  // Tensor cores multiply bfloat16 as it is.
  EXPECT_TRUE(PinnedPlans().Build(Convolved(DType::kBFloat16), {})->notes().tensor_core);
}

TEST(CudnnPlans, SayWhichEnginesTheRulesForbid) {
  SLIMNET_NEEDS_CUDNN();
  Graph matmul;  // no engine computes float32 products of matrices without TF32
  const Tensor a = matmul.Stored(DType::kFloat32, {1, 32, 64}), b = matmul.Stored(DType::kFloat32, {1, 64, 32});
  matmul.Store(matmul.Matmul(a, b), DType::kFloat32);
  const Verdict verdict = PinnedPlans().Check(matmul, {});
  EXPECT_FALSE(verdict);
  EXPECT_NE(verdict.reason.find("cuDNN 9.19.0"), std::string::npos) << verdict.reason;
  EXPECT_NE(verdict.reason.find("matmul"), std::string::npos) << verdict.reason;
  EXPECT_NE(verdict.reason.find("TF32"), std::string::npos) << verdict.reason;
  PlanRules rules;
  rules.allow_tf32 = true;
  EXPECT_TRUE(PinnedPlans().Check(matmul, rules));
}

TEST(CudnnPlans, EnginesAreForbiddenByWhatCudnnSaysOfThem) {
  constexpr PlanRules kStrict{.allow_tf32 = false, .deterministic = true};
  constexpr PlanRules kTf32{.allow_tf32 = true, .deterministic = true};
  constexpr PlanRules kAnyBits{.allow_tf32 = false, .deterministic = false};
  const auto forbidden = [](const PlanRules& rules, bool float32, const NumericalNotes& notes) {
    const char* const why = Forbids(rules, float32, notes);
    return std::string(why == nullptr ? "" : why);
  };
  EXPECT_EQ(forbidden(kStrict, true, {.fft = true, .winograd = true}), "");
  EXPECT_EQ(forbidden(kStrict, true, {.tensor_core = true}), "computes in TF32");
  EXPECT_EQ(forbidden(kTf32, true, {.tensor_core = true}), "");
  EXPECT_EQ(forbidden(kStrict, false, {.tensor_core = true}), "");
  EXPECT_EQ(forbidden(kTf32, true, {.tensor_core = true, .reduced_reduction = true}), "sums in less than float32");
  EXPECT_EQ(forbidden(kStrict, false, {.reduced_reduction = true}), "");
  EXPECT_EQ(forbidden(kStrict, false, {.nondeterministic = true}), "gives other bits each time");
  EXPECT_EQ(forbidden(kAnyBits, false, {.nondeterministic = true}), "");
  EXPECT_EQ(forbidden(kAnyBits, true, {.down_converts = true}), "computes with smaller types than the graph's");
}

TEST(CudnnPlans, SayThatNoEngineIsOffered) {
  SLIMNET_NEEDS_CUDNN();
  const Verdict verdict = PinnedPlans().Check(Impossible(), {});
  EXPECT_FALSE(verdict);
  EXPECT_NE(verdict.reason.find("cannot compute reduction + pointwise: cuDNN offers no engine for it"),
            std::string::npos)
      << verdict.reason;
  // Asked again, from memory: the same sentence.
  EXPECT_EQ(PinnedPlans().Check(Impossible(), {}).reason, verdict.reason);
}

TEST(CudnnPlans, KeepWithinTheWorkspace) {
  SLIMNET_NEEDS_CUDNN();
  Graph graph;
  const Tensor x = graph.Stored(DType::kBFloat16, {32, 64, 56, 56});
  const Tensor dy = graph.Stored(DType::kBFloat16, {32, 64, 56, 56});
  Window window;
  window.before = window.after = {1, 1};
  const Tensor dw = graph.ConvolutionBackwardFilter(x, dy, window, {64, 64, 3, 3});
  graph.Store(graph.Add(dw, graph.Stored(DType::kFloat32, {64, 64, 3, 3})), DType::kFloat32);
  PlanRules rules;
  rules.deterministic = false;  // those that split need memory for their parts
  ASSERT_GT(PinnedPlans().Build(graph, rules)->workspace_bytes(), 0U);
  rules.workspace_bytes = 0;
  EXPECT_EQ(PinnedPlans().Build(graph, rules)->workspace_bytes(), 0U);
}

TEST(CudnnPlans, AreBuiltOnceForEqualGraphs) {
  SLIMNET_NEEDS_CUDNN();
  const auto plans = NewPlans();
  EXPECT_EQ(plans->Build(Convolved(DType::kBFloat16), {}), plans->Build(Convolved(DType::kBFloat16), {}));
}

TEST(CudnnPlans, AreBuiltByManyThreads) {
  SLIMNET_NEEDS_CUDNN();
  const auto plans = NewPlans();
  std::atomic<int> built = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&, i] {
      if (plans->Build(Convolved(DType::kBFloat16, 8 + 8 * (i % 2)), {})) ++built;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(built, 4);
}

TEST(CudnnPlans, RefuseADeviceThatIsNoDevice) {
  SLIMNET_NEEDS_CUDNN();
  EXPECT_NE(BackendError([] { NewPlans(nullptr, "{}"); }), "nothing");
}

TEST(CudnnPlans, TheFingerprintHasWhatCudnnCompares) {
  SLIMNET_NEEDS_CUDNN();
  const std::string known = NewPlans()->Fingerprint();
  const auto with = [](const char* from, const char* to) {
    return NewPlans(nullptr, Replaced(slimnet::testing::H200(), from, to))->Fingerprint();
  };
  EXPECT_NE(known.find("cudnn 91900 deviceVer 900 driverVer 13000 multiProcessorCount 132"), std::string::npos);
  EXPECT_NE(with("\"multiProcessorCount\":132", "\"multiProcessorCount\":114"), known);
  EXPECT_EQ(with("\"smClockRateKHz\":1980000", "\"smClockRateKHz\":1500000"), known);
  EXPECT_EQ(with("NVIDIA H200", "NVIDIA H200 NVL"), known);
}

// --- the folder ------------------------------------------------------------------------------------------------------

size_t Files(const fs::path& folder) {
  return static_cast<size_t>(std::distance(fs::directory_iterator(folder), fs::directory_iterator()));
}

std::string TextOf(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

void Overwrite(const fs::path& file, const std::string& text) {
  std::ofstream(file, std::ios::binary | std::ios::trunc) << text;
}

// Whether a plan is loaded from the file, rather than built again and written over it.
bool IsTaken(const std::shared_ptr<PlanFolder>& folder, const fs::path& file, const Graph& graph) {
  const fs::file_time_type long_ago = fs::file_time_type::clock::now() - std::chrono::hours(24);
  fs::last_write_time(file, long_ago);
  NewPlans(folder)->Build(graph, {});
  return fs::last_write_time(file) < fs::file_time_type::clock::now() - std::chrono::hours(1);
}

TEST(CudnnPlans, AreFoundAgainInTheFolder) {
  SLIMNET_NEEDS_CUDNN();
  const TemporaryFolder temporary;
  const auto folder = std::make_shared<PlanFolder>(temporary.path() / "plans", 1 << 20);
  const Graph graph = Convolved(DType::kFloat32);
  const auto built = NewPlans(folder)->Build(graph, {});
  ASSERT_EQ(Files(temporary.path() / "plans"), 1U);
  const fs::path file = fs::directory_iterator(temporary.path() / "plans")->path();
  EXPECT_TRUE(IsTaken(folder, file, graph));
  const auto plans = NewPlans(folder);
  const auto loaded = plans->Build(graph, {});
  EXPECT_EQ(loaded->engine(), built->engine());
  EXPECT_EQ(loaded->notes().tensor_core, built->notes().tensor_core);
  EXPECT_EQ(loaded->workspace_bytes(), built->workspace_bytes());
  EXPECT_EQ(plans->FolderProblem(), "");
}

TEST(CudnnPlans, OfAnotherDeviceOrOtherRulesAreNotTaken) {
  SLIMNET_NEEDS_CUDNN();
  const TemporaryFolder temporary;
  const auto folder = std::make_shared<PlanFolder>(temporary.path(), 1 << 20);
  const Graph graph = Convolved(DType::kFloat32);
  NewPlans(folder)->Build(graph, {});
  PlanRules rules;
  rules.allow_tf32 = true;
  EXPECT_TRUE(NewPlans(folder)->Build(graph, rules)->notes().tensor_core);
  const std::string other =
      Replaced(slimnet::testing::H200(), "\"multiProcessorCount\":132", "\"multiProcessorCount\":114");
  NewPlans(folder, other)->Build(graph, {});
  EXPECT_EQ(Files(temporary.path()), 3U);
}

TEST(CudnnPlans, ThatAreDamagedAreBuiltAgain) {
  SLIMNET_NEEDS_CUDNN();
  const TemporaryFolder temporary;
  const auto folder = std::make_shared<PlanFolder>(temporary.path(), 1 << 20);
  const Graph graph = Convolved(DType::kBFloat16);
  const std::string engine = NewPlans(folder)->Build(graph, {})->engine();
  const fs::path file = fs::directory_iterator(temporary.path())->path();
  const std::string whole = TextOf(file);
  std::string flipped = whole;
  flipped[whole.size() / 2] ^= 1;
  for (const std::string& damaged : {std::string(), std::string("x"), whole.substr(0, whole.size() / 2), flipped}) {
    Overwrite(file, damaged);
    EXPECT_EQ(NewPlans(folder)->Build(graph, {})->engine(), engine);
    EXPECT_TRUE(IsTaken(folder, file, graph));
  }
}

// A whole file that says what cuDNN does not take, as one of another version would.
TEST(CudnnPlans, ThatCudnnRefusesAreBuiltAgain) {
  SLIMNET_NEEDS_CUDNN();
  const TemporaryFolder temporary;
  const auto folder = std::make_shared<PlanFolder>(temporary.path(), 1 << 20);
  const Graph graph = Convolved(DType::kBFloat16);
  const auto first = NewPlans(folder);
  const std::string engine = first->Build(graph, {})->engine();
  const fs::path file = fs::directory_iterator(temporary.path())->path();
  const std::string whole = TextOf(file);
  // Its key stands in front of the plan.
  const size_t notes = whole.find("notes ");
  const size_t key_line = whole.find('\n', whole.find('\n') + 1) + 1;
  const std::string key = whole.substr(whole.find('\n', key_line) + 1, notes - whole.find('\n', key_line) - 1);
  for (const std::string& plan : {std::string("nonsense"), std::string("notes 000000\n{}"),
                                  Replaced(whole.substr(notes), "\"cudnnVersion\":91900", "\"cudnnVersion\":91800")}) {
    EXPECT_EQ(folder->Keep(key, plan), "");
    ASSERT_EQ(folder->Find(key), plan);
    EXPECT_EQ(NewPlans(folder)->Build(graph, {})->engine(), engine);
    EXPECT_TRUE(IsTaken(folder, file, graph));
  }
}

TEST(CudnnPlans, ThatCannotBeKeptAreBuiltAllTheSame) {
  SLIMNET_NEEDS_CUDNN();
  const TemporaryFolder temporary;
  Overwrite(temporary.path() / "file", "no folder");
  const auto plans = NewPlans(std::make_shared<PlanFolder>(temporary.path() / "file" / "plans", 1 << 20));
  EXPECT_NE(plans->Build(Convolved(DType::kBFloat16), {}), nullptr);
  EXPECT_NE(plans->FolderProblem().find("could not be kept"), std::string::npos) << plans->FolderProblem();
}

// --- autotuning ------------------------------------------------------------------------------------------------------

// Measures without running: each plan takes what the test says, and time passes as it says.
struct FakeDevice {
  double clock = 100;
  double seconds_each = 0.5;
  std::vector<std::string> measured;
  std::function<double(size_t)> time = [](size_t) { return 1.0; };

  Autotune Options(double seconds, size_t candidates = 1000) {
    Autotune autotune;
    autotune.seconds = seconds;
    autotune.candidates = candidates;
    autotune.now = [this] { return clock; };
    autotune.measure = [this](const Plan& plan) {
      measured.push_back(plan.engine());
      clock += seconds_each;
      return time(measured.size() - 1);
    };
    return autotune;
  }
};

TEST(CudnnAutotune, TakesTheFastestPlan) {
  SLIMNET_NEEDS_CUDNN();
  FakeDevice device;
  device.time = [](size_t i) { return i == 2 ? 0.1 : 1.0; };
  const auto plan = NewPlans()->Tune(Convolved(DType::kBFloat16), {}, device.Options(1000));
  ASSERT_GT(device.measured.size(), 3U);
  EXPECT_EQ(plan->engine(), device.measured[2]);
}

TEST(CudnnAutotune, StopsWhereTimeIsOver) {
  SLIMNET_NEEDS_CUDNN();
  FakeDevice device;
  NewPlans()->Tune(Convolved(DType::kBFloat16), {}, device.Options(1));
  EXPECT_EQ(device.measured.size(), 2U);
  device.measured.clear();
  NewPlans()->Tune(Convolved(DType::kBFloat16), {}, device.Options(1000, 3));
  EXPECT_EQ(device.measured.size(), 3U);
}

TEST(CudnnAutotune, ObeysTheRules) {
  SLIMNET_NEEDS_CUDNN();
  FakeDevice device;
  const auto plan = NewPlans()->Tune(Convolved(DType::kFloat32), {}, device.Options(1000));
  EXPECT_FALSE(plan->notes().tensor_core);
  for (const std::string& engine : device.measured) EXPECT_EQ(engine.find("tf32"), std::string::npos) << engine;
}

TEST(CudnnAutotune, LeavesOutWhatDoesNotRun) {
  SLIMNET_NEEDS_CUDNN();
  FakeDevice device;
  device.time = [](size_t i) -> double {
    if (i == 0) throw Error(ErrorCode::kBackend, "launch failed");
    return 1.0 / static_cast<double>(i);
  };
  const auto plans = NewPlans();
  const auto plan = plans->Tune(Convolved(DType::kBFloat16), {}, device.Options(1000));
  EXPECT_EQ(plan->engine(), device.measured.back());
  device.time = [](size_t) -> double { throw Error(ErrorCode::kBackend, "launch failed"); };
  EXPECT_EQ(BackendError([&] { plans->Tune(Convolved(DType::kBFloat16, 8), {}, device.Options(1000)); }),
            "launch failed");
  // Out of memory is no property of an engine.
  device.time = [](size_t) -> double { throw Error(ErrorCode::kMemory, "no memory"); };
  EXPECT_THROW(plans->Tune(Convolved(DType::kBFloat16, 24), {}, device.Options(1000)), Error);
}

TEST(CudnnAutotune, IsDoneOnceForAGraph) {
  SLIMNET_NEEDS_CUDNN();
  const TemporaryFolder temporary;
  const auto folder = std::make_shared<PlanFolder>(temporary.path(), 1 << 20);
  FakeDevice device;
  device.time = [](size_t i) { return i == 1 ? 0.1 : 1.0; };
  const auto plans = NewPlans(folder);
  const auto plan = plans->Tune(Convolved(DType::kBFloat16), {}, device.Options(1000));
  const size_t measured = device.measured.size();
  EXPECT_EQ(plans->Tune(Convolved(DType::kBFloat16), {}, device.Options(1000)), plan);
  EXPECT_EQ(NewPlans(folder)->Tune(Convolved(DType::kBFloat16), {}, device.Options(1000))->engine(), plan->engine());
  EXPECT_EQ(device.measured.size(), measured);
}

}  // namespace
}  // namespace slimnet::cudnn::testing
