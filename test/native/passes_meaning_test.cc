// Whatever the passes do, a program computes what it computed before.
#include <gtest/gtest.h>

#include <cmath>
#include <memory>

#include "backends/reference/reference.h"
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

// The same program whole and with a section, drawn at random, on the same kernels.
TEST_P(Meaning, StaysTheSameInASection) {
  const auto backend = Reference();
  int sections = 0;
  for (int k = 0; k < 25; ++k) {
    const auto seed = static_cast<uint32_t>(3000 * GetParam() + k);
    SCOPED_TRACE("seed " + std::to_string(seed));
    const Program before = RandomProgram(seed, 4).Make(4 + k);
    Program after = before;
    after.split = SplitRequest{1 + k, 1 + k % 2};
    PipelineOptions options;
    options.verify = true;
    RunPipeline(after, *backend, options);
    if (after.repeats > 1) ++sections;
    ExpectClose(Evaluator(after, *backend).Run(true).outputs, Evaluator(before, *backend).Run(false).outputs);
  }
  EXPECT_GT(sections, 4);
}

TEST_P(Meaning, OfASectionStaysTheSameAfterEachPass) {
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

INSTANTIATE_TEST_SUITE_P(Seeds, Meaning, ::testing::Range(0, 8));

}  // namespace
}  // namespace slimnet::testing
