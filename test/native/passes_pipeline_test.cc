#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "backends/null/null.h"
#include "base/error.h"
#include "native/builder.h"
#include "passes/pipeline.h"
#include "passes/plan_memory.h"

namespace slimnet::testing {
namespace {

Program Unit() {
  Builder b;
  const ValueId x = b.Input("x", Float({1, 8, 8, 4}));
  const ValueId y = b.Op(ReluAttrs{}, {b.BatchNorm(b.Conv(x, 3, 4))});
  const ValueId z = b.Op(ReluAttrs{}, {b.BatchNorm(b.Conv(y, 3, 4))});
  b.Output("y", b.Op(SoftmaxAttrs{}, {b.Op(ReluAttrs{}, {b.Op(AddAttrs{}, {y, b.BatchNorm(b.Conv(z, 1, 4))})})}));
  return b.Take();
}

ErrorCode CodeOf(const std::function<void()>& call) {
  try {
    call();
  } catch (const Error& error) {
    return error.code();
  }
  ADD_FAILURE() << "nothing was thrown";
  return ErrorCode::kInternal;
}

TEST(Pipeline, NamesEachPassOnce) {
  std::vector<std::string_view> names;
  for (const Pass& pass : Pipeline()) names.push_back(pass.name);
  EXPECT_EQ(names, (std::vector<std::string_view>{"canonicalize", "fold_batch_norm", "fuse_norm_backward",
                                                  "fuse_scaling", "fuse_post_ops", "assign_precision", "fuse_norm",
                                                  "split_batch", "assign_layout", "hoist_constants", "chain_updates",
                                                  "keep_old_values", "schedule", "plan_memory"}));
}

TEST(Pipeline, ShowsTheProgramAfterEachPass) {
  Program program = Unit();
  std::vector<std::string> seen;
  PipelineOptions options;
  options.passes = {{"schedule", "canonicalize"}};
  options.observe = [&](std::string_view name, const Program& now) {
    seen.emplace_back(name);
    EXPECT_EQ(now.outputs.size(), 1U);
  };
  RunPipeline(program, *NullEntry().make({}), options);
  EXPECT_EQ(seen, (std::vector<std::string>{"schedule", "canonicalize"}));
}

TEST(Pipeline, RefusesANameThatIsNoPass) {
  Program program = Unit();
  PipelineOptions options;
  options.passes = {{"canonicalise"}};
  EXPECT_EQ(CodeOf([&] { RunPipeline(program, *NullEntry().make({}), options); }), ErrorCode::kArgument);
}

TEST(Pipeline, RefusesAWrongProgramBeforeTheFirstPass) {
  Program program = Unit();
  program.values[0].type.shape = {1, 8, 8, 5};
  EXPECT_EQ(CodeOf([&] { RunPipeline(program, *NullEntry().make({})); }), ErrorCode::kShape);
}

TEST(Pipeline, LeavesThreeConvolutionsOfAUnit) {
  Program program = Unit();
  RunPipeline(program, *NullEntry().make({}));
  std::vector<std::string_view> steps;
  for (const Node& node : program.nodes) {
    if (!node.prologue && !Info(node.op).source) steps.push_back(Info(node.op).name);
  }
  EXPECT_EQ(steps, (std::vector<std::string_view>{"conv2d", "conv2d", "conv2d", "softmax"}));
}

TEST(Pipeline, GivesTheSameTwice) {
  Program first = Unit();
  Program second = Unit();
  RunPipeline(first, *NullEntry().make({}));
  RunPipeline(second, *NullEntry().make({}));
  EXPECT_EQ(Print(first), Print(second));
}

TEST(Pipeline, TakesADeepProgramWithoutRecursion) {
  Builder b;
  ValueId x = b.Input("x", Float({4}));
  for (int i = 0; i < 200'000; ++i) x = b.Op(AbsAttrs{}, {x});
  b.Output("y", x);
  Program program = b.Take();
  RunPipeline(program, *NullEntry().make({}));
  EXPECT_EQ(program.arena_bytes, 2 * kAlignment);
}

TEST(Pipeline, TakesAWideProgramInTime) {
  // One value with very many readers that are all alive at the end.
  Builder b;
  const ValueId x = b.Op(AbsAttrs{}, {b.Input("x", Float({4}))});
  for (int i = 0; i < 100'000; ++i) b.Output(std::to_string(i), b.Op(ReluAttrs{}, {x}));
  Program program = b.Take();
  RunPipeline(program, *NullEntry().make({}));
  EXPECT_EQ(program.arena_bytes, 100'001 * kAlignment);
}

TEST(PlanMemory, PlacesScratchApartFromWhatIsAlive) {
  Program program = Unit();
  RunPipeline(program, *NullEntry().make({}));
  const size_t without = program.arena_bytes;
  std::vector<size_t> scratch(program.nodes.size(), 0);
  size_t step = 0;
  for (size_t i = 0; i < scratch.size(); ++i) {
    if (program.nodes[i].op == OpKind::kConv2d) step = i;
  }
  scratch[step] = 100'000;
  const MemoryReport report = PlanMemory(program, scratch);
  EXPECT_EQ(program.nodes[step].scratch.kind, Place::Kind::kArena);
  EXPECT_EQ(program.nodes[step].scratch.offset % kAlignment, 0U);
  EXPECT_GE(program.arena_bytes, 100'000U);
  EXPECT_LE(program.arena_bytes, without + 100'032U);
  EXPECT_EQ(report.arena_bytes, program.arena_bytes);
  EXPECT_GE(report.arena_bytes, report.lower_bound);
  EXPECT_GE(report.sum, 100'000U);
}

TEST(PlanMemory, ForgetsAnEarlierPlan) {
  Program program = Unit();
  RunPipeline(program, *NullEntry().make({}));
  const std::string before = Print(program);
  PlanMemory(program, std::vector<size_t>(program.nodes.size(), 4096));
  EXPECT_NE(Print(program), before);
  PlanMemory(program, {});
  EXPECT_EQ(Print(program), before);
}

TEST(PlanMemory, RefusesScratchOfAnotherProgram) {
  Program program = Unit();
  EXPECT_EQ(CodeOf([&] { PlanMemory(program, std::vector<size_t>(3, 64)); }), ErrorCode::kInternal);
}

}  // namespace
}  // namespace slimnet::testing
