// Microbatch loops: what can be in one, what it would save, and what split_batch makes of that.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "backends/null/null.h"
#include "ir/microbatch_loop.h"
#include "native/builder.h"
#include "passes/microbatch_candidates.h"
#include "passes/passes.h"
#include "passes/pipeline.h"
#include "passes/split_cost.h"

namespace slimnet::testing {
namespace {

constexpr int64_t kMiB = 1 << 20;
constexpr Cores kTwoCores{2 * kMiB, 2};

TEST(BytesPastCaches, CountsWeightsForEachCoreAndActivationsThatDoNotFit) {
  const StepBytes small{.touched = kMiB, .alive = kMiB, .weights = kMiB, .may_end = true};
  EXPECT_EQ(BytesPastCaches(small, 1, 1, kTwoCores), 2 * kMiB);
  const StepBytes large{.touched = 64 * kMiB, .alive = 64 * kMiB, .weights = 0, .may_end = true};
  EXPECT_EQ(BytesPastCaches(large, 32, 32, kTwoCores), 60 * kMiB);
  EXPECT_EQ(BytesPastCaches(large, 2, 32, kTwoCores), 0);
  // What merely waits can be pushed out, but no more comes and goes than is touched.
  const StepBytes beside{.touched = 8 * kMiB, .alive = 64 * kMiB, .weights = 0, .may_end = true};
  EXPECT_EQ(BytesPastCaches(beside, 32, 32, kTwoCores), 8 * kMiB);
}

// Steps as in a network: the first make much of the images, the last have many weights.
std::vector<StepBytes> Network() {
  std::vector<StepBytes> steps(6, {.touched = 64 * kMiB, .alive = 64 * kMiB, .weights = kMiB / 8, .may_end = true});
  steps.resize(12, {.touched = 4 * kMiB, .alive = 4 * kMiB, .weights = 4 * kMiB, .may_end = true});
  return steps;
}

TEST(ChooseSplit, EndsTheMicrobatchLoopWhereWeightsOutweighTheImages) {
  const Split split = ChooseSplit(Network(), 32, kTwoCores);
  EXPECT_EQ(split.steps, 6U);
  EXPECT_EQ(split.images, 2);
}

TEST(ChooseSplit, TakesMoreImagesAtATimeWhereTheyFit) {
  std::vector<StepBytes> steps = Network();
  for (StepBytes& step : steps) step.touched = step.alive = step.alive * 3 / 8;
  const Split split = ChooseSplit(steps, 32, kTwoCores);
  EXPECT_EQ(split.steps, 6U);
  EXPECT_EQ(split.images, 4);
}

TEST(ChooseSplit, EndsOnlyWhereItMay) {
  std::vector<StepBytes> steps = Network();
  steps[5].may_end = steps[4].may_end = false;
  EXPECT_EQ(ChooseSplit(steps, 32, kTwoCores).steps, 4U);
  for (StepBytes& step : steps) step.may_end = false;
  EXPECT_EQ(ChooseSplit(steps, 32, kTwoCores).steps, 0U);
}

TEST(ChooseSplit, GivesEachCoreWholeImagesOfEqualParts) {
  EXPECT_EQ(ChooseSplit(Network(), 32, {2 * kMiB, 3}).steps, 0U);  // no multiple of 3 divides 32
  EXPECT_EQ(ChooseSplit(Network(), 30, {2 * kMiB, 3}).images, 3);
  EXPECT_EQ(ChooseSplit(Network(), 31, kTwoCores).steps, 0U);
  EXPECT_EQ(ChooseSplit(Network(), 2, kTwoCores).steps, 0U);
  EXPECT_EQ(ChooseSplit(Network(), 1, kTwoCores).steps, 0U);
}

TEST(ChooseSplit, LeavesAloneWhatFitsOrGainsLittle) {
  std::vector<StepBytes> steps = Network();
  for (StepBytes& step : steps) step.touched = step.alive = kMiB;
  EXPECT_EQ(ChooseSplit(steps, 32, kTwoCores).steps, 0U);
  steps = Network();
  for (StepBytes& step : steps) step.weights += 100 * kMiB;
  EXPECT_EQ(ChooseSplit(steps, 32, kTwoCores).steps, 0U);
  EXPECT_EQ(ChooseSplit({}, 32, kTwoCores).steps, 0U);
}

// Two convolutions of 4 images, and a batch norm in between that `across` decides on.
Program Chain(bool across) {
  Builder b;
  ValueId x = b.Conv(b.Input("x", Float({4, 8, 8, 4})), 3, 4);
  if (across) {
    const ValueId gamma = b.Variable("gamma", Float({4}));
    x = b.Op(BatchNormTrainingAttrs{0.001, true}, {x, gamma, gamma});
  }
  b.Output("y", b.Op(ReluAttrs{}, {b.Conv(x, 3, 4)}));
  return b.Take();
}

TEST(FindCandidates, EndsBeforeStatisticsOfTheBatch) {
  EXPECT_EQ(FindCandidates(Chain(false)).nodes.size(), 3U);
  const Candidates candidates = FindCandidates(Chain(true));
  EXPECT_EQ(candidates.batch, 4);
  EXPECT_EQ(candidates.nodes.size(), 1U);
  EXPECT_EQ(candidates.others.size(), 3U);
}

TEST(FindCandidates, FindsNoneInAProgramWithUpdates) {
  Builder b;
  const ValueId x = b.Input("x", Float({4, 16}));
  b.Output("y", b.Op(ReluAttrs{}, {x}));
  const ValueId v = b.Variable("v", Float({4}));
  b.Update(b.Op(AssignMovingAverageAttrs{0.5}, {v, v}));
  EXPECT_TRUE(FindCandidates(b.Take()).nodes.empty());
}

TEST(FindCandidates, LeavesWholeCacheLines) {
  Builder b;
  const ValueId x = b.Input("x", Float({4, 16}));
  const ValueId y = b.Op(ReduceMeanAttrs{{1}, true}, {b.Op(ReluAttrs{}, {x})});
  b.Output("y", b.Op(AddAttrs{}, {x, y}));
  const Candidates candidates = FindCandidates(b.Take());
  EXPECT_EQ(candidates.nodes.size(), 3U);
  EXPECT_EQ(candidates.may_end, (std::vector<bool>{true, true, false, true}));
  Builder narrow;
  narrow.Output("y", narrow.Op(ReluAttrs{}, {narrow.Input("x", Float({4, 5}))}));
  EXPECT_EQ(FindCandidates(narrow.Take()).may_end, (std::vector<bool>{true, false}));
}

TEST(FindCandidates, DoesNotOverwriteWhatIsWantedBehindTheMicrobatchLoop) {
  Builder b;
  const ValueId x = b.Conv(b.Input("x", Float({4, 4, 4, 4})), 1, 4);
  b.Output("loss", b.Op(L2LossAttrs{}, {x}));
  const ValueId y = b.Conv(b.Op(ReluAttrs{}, {x}), 1, 4);
  b.Output("y", b.Op(AddAttrs{}, {x, y}));
  Program program = b.Take();
  FusePostOps(program, *NullEntry().make({}));
  const Candidates candidates = FindCandidates(program);
  EXPECT_EQ(candidates.nodes.size(), 2U);
  EXPECT_EQ(program.nodes[static_cast<size_t>(candidates.others.back())].post_ops.size(), 1U);
}

TEST(CountBytes, CountsEachPlaceOnce) {
  Program program = Chain(false);
  const Candidates candidates = FindCandidates(program);
  const std::vector<StepBytes> steps = CountBytes(program, candidates);
  constexpr int64_t kImages = 4 * 8 * 8 * 4 * 4;
  constexpr int64_t kFilter = 3 * 3 * 4 * 4 * 4;
  ASSERT_EQ(steps.size(), 3U);
  for (const StepBytes& step : steps) {
    EXPECT_EQ(step.touched, 2 * kImages);
    EXPECT_EQ(step.alive, 2 * kImages);
    EXPECT_TRUE(step.may_end);
  }
  EXPECT_EQ(steps[0].weights, kFilter);
  EXPECT_EQ(steps[2].weights, 0);
}

TEST(CountBytes, KnowsWhatWaitsAndHowItIsStored) {
  Builder b;
  const ValueId x = b.Op(ReluAttrs{}, {b.Input("x", Float({2, 4, 4, 4}))});
  const ValueId y = b.Conv(x, 1, 4);
  b.Output("z", b.Op(SubAttrs{}, {x, b.Op(AbsAttrs{}, {y})}));
  Program program = b.Take();
  program.values[static_cast<size_t>(x)].encoding = Encoding{DType::kBFloat16, 0};
  const std::vector<StepBytes> steps = CountBytes(program, FindCandidates(program));
  constexpr int64_t kImages = 2 * 4 * 4 * 4 * 4;
  ASSERT_EQ(steps.size(), 4U);
  EXPECT_EQ(steps[1].weights, 4 * 4 * 2);
  EXPECT_EQ(steps[1].touched, kImages / 2 + kImages);
  EXPECT_EQ(steps[2].touched, 2 * kImages);
  EXPECT_EQ(steps[2].alive, 2 * kImages + kImages / 2);
}

// The null backend on a device with caches.
class WithCaches final : public Backend {
 public:
  WithCaches(size_t cache_bytes, int threads) : null_(NullEntry().make({})) {
    device_.cpu = CpuInfo{.cache_bytes = cache_bytes, .threads = threads};
  }
  const std::string& name() const override { return null_->name(); }
  const DeviceInfo& device() const override { return device_; }
  Verdict Offers(Precision precision) const override { return null_->Offers(precision); }
  bool Has(OpKind op) const override { return null_->Has(op); }
  Verdict Supports(const NodeContext& node) const override { return null_->Supports(node); }
  Verdict Fuses(const NodeContext& node, const PostOp& next) const override { return null_->Fuses(node, next); }
  LayoutPtr Prefers(const NodeContext& node, size_t input) const override { return null_->Prefers(node, input); }
  std::unique_ptr<Kernel> Prepare(const NodeContext& node) const override { return null_->Prepare(node); }
  std::unique_ptr<Memory> Allocate(size_t bytes) const override { return null_->Allocate(bytes); }
  std::unique_ptr<Stream> NewStream(ParallelFor* pool) const override { return null_->NewStream(pool); }

 private:
  std::unique_ptr<Backend> null_;
  DeviceInfo device_;
};

// Four convolutions of 32 large images, then two with many weights.
Program Tapered() {
  Builder b;
  ValueId x = b.Input("x", Float({32, 64, 64, 64}));
  for (int i = 0; i < 4; ++i) x = b.Conv(x, 1, 64);
  x = b.Op(MaxPool2dAttrs{{16, 16}, {16, 16}, {0, 0, 0, 0}}, {x});
  for (int i = 0; i < 2; ++i) x = b.Conv(x, 3, i == 0 ? 1024 : 64);
  b.Output("y", x);
  return b.Take();
}

int64_t RepeatsOf(Program program, const Backend& backend) {
  PipelineOptions options;
  options.verify = true;
  RunPipeline(program, backend, options);
  return MicrobatchLoop(program).repeats();
}

TEST(SplitBatch, SplitsByItselfWhereTheCachesAreKnown) {
  Program program = Tapered();
  const WithCaches backend(3 * kMiB, 2);
  PipelineOptions options;
  options.verify = true;
  RunPipeline(program, backend, options);
  const MicrobatchLoop loop(program);
  EXPECT_EQ(loop.repeats(), 16);
  const auto is_repeated = [&](const Node& node) { return loop.Holds(node) && node.op != OpKind::kMicrobatchSlice; };
  EXPECT_EQ(std::count_if(program.nodes.begin(), program.nodes.end(), is_repeated), 5);
  EXPECT_EQ(RepeatsOf(Tapered(), WithCaches(3 * kMiB, 4)), 8);
  EXPECT_EQ(RepeatsOf(Tapered(), WithCaches(size_t{1} << 40, 2)), 1);
  EXPECT_EQ(RepeatsOf(Tapered(), WithCaches(0, 2)), 1);
}

TEST(SplitBatch, DoesAsThePlanSays) {
  const WithCaches backend(3 * kMiB, 2);
  Program program = Tapered();
  program.split = SplitRequest{0, 0};
  EXPECT_EQ(RepeatsOf(program, backend), 1);
  program.split = SplitRequest{2, 8};
  EXPECT_EQ(RepeatsOf(program, backend), 4);
  program.split = SplitRequest{2, 5};  // not in equal parts
  EXPECT_EQ(RepeatsOf(program, backend), 1);
  program.split = SplitRequest{2, 32};
  EXPECT_EQ(RepeatsOf(program, backend), 1);
  program.split = SplitRequest{1000, 1};
  EXPECT_EQ(RepeatsOf(program, *NullEntry().make({})), 32);
}

TEST(SplitBatch, LeavesProgramsWholeWhoseValuesAreNoted) {
  Program program = Tapered();
  program.precision.observe = true;
  program.split = SplitRequest{2, 8};
  EXPECT_EQ(RepeatsOf(program, WithCaches(3 * kMiB, 2)), 1);
}

TEST(SplitBatch, NeedsLessMemory) {
  Program whole = Tapered();
  Program split = Tapered();
  RunPipeline(whole, *NullEntry().make({}));
  RunPipeline(split, WithCaches(3 * kMiB, 2));
  EXPECT_LT(split.arena_bytes, whole.arena_bytes / 4);
}

}  // namespace
}  // namespace slimnet::testing
