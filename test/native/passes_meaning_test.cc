// Whatever the passes do, a program computes what it computed before.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <memory>

#include "backends/reference/reference.h"
#include "ir/microbatch_loop.h"
#include "native/evaluate.h"
#include "native/random_program.h"
#include "passes/pipeline.h"

namespace slimnet::testing {
namespace {

// Relative to the largest value of the tensor: folding rounds filters once more.
void ExpectClose(const std::map<std::string, std::vector<float>>& actual,
                 const std::map<std::string, std::vector<float>>& expected) {
  for (const auto& [name, values] : expected) {
    ASSERT_TRUE(actual.contains(name)) << name;
    const std::vector<float>& others = actual.at(name);
    ASSERT_EQ(others.size(), values.size()) << name;
    float range = 1e-3F;
    for (float value : values) range = std::max(range, std::fabs(value));
    for (size_t i = 0; i < values.size(); ++i) ASSERT_NEAR(others[i], values[i], 2e-4F * range) << name << " at " << i;
  }
}

std::unique_ptr<Backend> Reference() { return ReferenceEntry().make({}); }

class Meaning : public ::testing::TestWithParam<int> {};

TEST_P(Meaning, StaysTheSameThroughThePipeline) {
  const auto backend = Reference();
  for (int k = 0; k < 25; ++k) {
    const auto seed = static_cast<uint32_t>(1000 * GetParam() + k);
    SCOPED_TRACE("seed " + std::to_string(seed));
    const Program before = RandomProgram(seed).Make(4 + k);
    Program after = before;
    after.updates_in_place = k % 2 == 1;
    PipelineOptions options;
    options.verify = true;
    RunPipeline(after, *backend, options);
    const Results expected = Evaluator(before, *backend).Run(false);
    const Results actual = Evaluator(after, *backend).Run(true);
    ExpectClose(actual.outputs, expected.outputs);
    for (const auto& [name, values] : actual.variables) {
      ExpectClose({{name, values}}, {{name, expected.variables.at(name)}});
    }
  }
}

TEST_P(Meaning, StaysTheSameAfterEachPass) {
  const auto backend = Reference();
  for (int k = 0; k < 4; ++k) {
    const auto seed = static_cast<uint32_t>(77 * GetParam() + k);
    Program program = RandomProgram(seed).Make(12);
    program.updates_in_place = k % 2 == 1;
    const Results expected = Evaluator(program, *backend).Run(false);
    PipelineOptions options;
    options.verify = true;
    options.observe = [&](std::string_view name, const Program& now) {
      SCOPED_TRACE("seed " + std::to_string(seed) + " after " + std::string(name));
      ExpectClose(Evaluator(now, *backend).Run(false).outputs, expected.outputs);
    };
    RunPipeline(program, *backend, options);
  }
}

// The same program whole and with a microbatch loop, drawn at random, on the same kernels.
TEST_P(Meaning, StaysTheSameInAMicrobatchLoop) {
  const auto backend = Reference();
  int loops = 0;
  for (int k = 0; k < 25; ++k) {
    const auto seed = static_cast<uint32_t>(3000 * GetParam() + k);
    SCOPED_TRACE("seed " + std::to_string(seed));
    const Program before = RandomProgram(seed, 4).Make(4 + k);
    Program after = before;
    after.split = SplitRequest{1 + k, 1 + k % 2};
    PipelineOptions options;
    options.verify = true;
    RunPipeline(after, *backend, options);
    if (MicrobatchLoop(after).repeats() > 1) ++loops;
    ExpectClose(Evaluator(after, *backend).Run(true).outputs, Evaluator(before, *backend).Run(false).outputs);
  }
  EXPECT_GT(loops, 4);
}

TEST_P(Meaning, OfAMicrobatchLoopStaysTheSameAfterEachPass) {
  const auto backend = Reference();
  for (int k = 0; k < 4; ++k) {
    const auto seed = static_cast<uint32_t>(91 * GetParam() + k);
    Program program = RandomProgram(seed, 4).Make(12);
    program.split = SplitRequest{3 + 2 * k, 2};
    const Results expected = Evaluator(program, *backend).Run(false);
    PipelineOptions options;
    options.verify = true;
    options.observe = [&](std::string_view name, const Program& now) {
      SCOPED_TRACE("seed " + std::to_string(seed) + " after " + std::string(name));
      ExpectClose(Evaluator(now, *backend).Run(false).outputs, expected.outputs);
    };
    RunPipeline(program, *backend, options);
  }
}

// Two units of a pre-activation network: each sum is normalised and added to.
Program PreActivation(Precision precision) {
  Builder b;
  ValueId sum = b.Input("x", {DType::kFloat32, {2, 5, 4, 8}});
  for (int unit = 0; unit < 2; ++unit) {
    const ValueId preact = b.Op(ReluAttrs{}, {b.BatchNorm(sum)});
    sum = b.Op(AddAttrs{}, {unit == 0 ? b.Conv(preact, 1, 8) : sum, b.Conv(preact, 3, 8)});
  }
  b.Output("y", b.Op(ReluAttrs{}, {b.BatchNorm(sum)}));
  b.Output("sum", sum);
  Program program = b.Take();
  program.precision.precision = precision;
  return program;
}

int SecondResults(const Program& program) {
  return static_cast<int>(std::count_if(program.nodes.begin(), program.nodes.end(), HasSecondResult));
}

TEST(SecondResult, IsWhatTheNormWouldHaveMade) {
  const auto backend = Reference();
  const Program before = PreActivation(Precision::kFloat32);
  for (const int64_t images : {0, 1}) {
    Program after = before;
    after.split = SplitRequest{images == 0 ? 0 : 20, images};
    PipelineOptions options;
    options.verify = true;
    RunPipeline(after, *backend, options);
    EXPECT_EQ(SecondResults(after), 2);
    EXPECT_EQ(MicrobatchLoop(after).repeats(), images == 0 ? 1 : 2);
    ExpectClose(Evaluator(after, *backend).Run(true).outputs, Evaluator(before, *backend).Run(false).outputs);
  }
}

TEST(SecondResult, IsNotMadeForWhoLooksAtEachValue) {
  Program program = PreActivation(Precision::kFloat32);
  program.precision.observe = true;
  RunPipeline(program, *Reference(), {});
  EXPECT_EQ(SecondResults(program), 0);
}

INSTANTIATE_TEST_SUITE_P(Seeds, Meaning, ::testing::Range(0, 8));

}  // namespace
}  // namespace slimnet::testing
