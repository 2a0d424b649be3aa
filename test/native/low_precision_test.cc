// Numbers that are stored in low precision: codes, filters, encodings in the IR, observation.
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "backends/cpu/encoded.h"
#include "backends/cpu/quantize_filter.h"
#include "base/code.h"
#include "base/error.h"
#include "native/builder.h"
#include "passes/pipeline.h"
#include "runtime/observer.h"

namespace slimnet::testing {
namespace {

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kInfinity = std::numeric_limits<float>::infinity();

TEST(Code, RoundsToTheNearestWholeNumberTiesToEven) {
  const Code<uint8_t> code(0.5);
  EXPECT_EQ(code.Store(0.0F), 0);
  EXPECT_EQ(code.Store(0.24F), 0);
  EXPECT_EQ(code.Store(0.25F), 0);
  EXPECT_EQ(code.Store(0.26F), 1);
  EXPECT_EQ(code.Store(0.75F), 2);
  EXPECT_EQ(code.Load(3), 1.5F);
}

TEST(Code, EndsAtTheEndsOfItsRange) {
  const Code<uint8_t> positive(1);
  EXPECT_EQ(positive.Store(254.4F), 254);
  EXPECT_EQ(positive.Store(1e30F), 255);
  EXPECT_EQ(positive.Store(kInfinity), 255);
  EXPECT_EQ(positive.Store(-7), 0);
  EXPECT_EQ(positive.Store(kNan), 0);
  const Code<int8_t> both(1);
  EXPECT_EQ(both.Store(1e9F), 127);
  EXPECT_EQ(both.Store(-1e9F), -128);
  EXPECT_EQ(both.Store(-kInfinity), -128);
  EXPECT_EQ(both.Store(-2.5F), -2);
  EXPECT_EQ(both.Store(kNan), -128);
}

TEST(Code, OfBFloat16KeepsWhatFits) {
  const Code<BFloat16> code(0);
  for (const float value : {0.0F, -1.0F, 1.5F, kInfinity}) EXPECT_EQ(code.Load(code.Store(value)), value);
  for (const float value : {3e38F, -0.1F, 1e-30F}) {
    EXPECT_NE(code.Load(code.Store(value)), value);
    EXPECT_NEAR(code.Load(code.Store(value)) / value, 1, 0x1p-8);
  }
  EXPECT_TRUE(std::isnan(code.Load(code.Store(kNan))));
}

TEST(QuantizeFilter, HasAStepForEachOutputChannel) {
  // Two rows, three channels: the largest magnitudes are 2, 127 and 0.
  const std::array<float, 6> filter{1, -127, 0, -2, 63.4F, 0};
  std::array<int8_t, 6> q{};
  std::array<float, 3> steps{};
  cpu::QuantizeFilter(filter.data(), 2, 3, 0, 3, 127, q.data(), steps.data());
  EXPECT_FLOAT_EQ(steps[0], 2.0F / 127);
  EXPECT_FLOAT_EQ(steps[1], 1);
  EXPECT_FLOAT_EQ(steps[2], 1);
  EXPECT_EQ(q, (std::array<int8_t, 6>{64, -127, 0, -127, 63, 0}));
}

TEST(QuantizeFilter, StaysWithinTheLevelsAndTouchesItsChannelsAlone) {
  const std::array<float, 4> filter{1, 5, -1, kInfinity};
  std::array<int8_t, 4> q{9, 9, 9, 9};
  std::array<float, 2> steps{9, 9};
  cpu::QuantizeFilter(filter.data(), 2, 2, 0, 1, 63, q.data(), steps.data());
  EXPECT_EQ(q, (std::array<int8_t, 4>{63, 9, -63, 9}));
  EXPECT_EQ(steps[1], 9);
  cpu::QuantizeFilter(filter.data(), 2, 2, 1, 2, 63, q.data(), steps.data());
  EXPECT_EQ(q, (std::array<int8_t, 4>{63, 5, -63, 63}));
  EXPECT_EQ(steps[1], 1);
}

TEST(Observer, CountsMagnitudesAndGrows) {
  Observer observer({"a", "unseen"});
  const std::array<float, 3> first{-0.49F, 0.25F, kNan};
  observer.Note(0, first.data(), 3);
  const std::array<float, 2> second{3, -kInfinity};
  observer.Note(0, second.data(), 2);
  const std::vector<Observation> seen = observer.Seen();
  ASSERT_EQ(seen.size(), 1U);
  EXPECT_EQ(seen[0].name, "a");
  EXPECT_EQ(seen[0].smallest, -0.49F);
  EXPECT_EQ(seen[0].largest, 3);
  EXPECT_EQ(seen[0].not_finite, 2);
  EXPECT_EQ(seen[0].limit, 4);
  EXPECT_EQ(seen[0].counts[250], 1);                         // 0.49, of 2048 bins up to 4
  EXPECT_EQ(seen[0].counts[Observation::kBins / 16], 1);     // 0.25
  EXPECT_EQ(seen[0].counts[Observation::kBins / 4 * 3], 1);  // 3
}

TEST(Observer, KnowsNoLimitWhereNothingButZerosWasSeen) {
  Observer observer({"zeros"});
  const std::array<float, 2> zeros{0, -0.0F};
  observer.Note(0, zeros.data(), 2);
  EXPECT_EQ(observer.Seen()[0].limit, 0);
  EXPECT_EQ(observer.Seen()[0].counts[0], 2);
}

constexpr const char* kHead = "slimnet.plan 1\n%0 = input() {name=\"x\"} @\"x\" : float32[2]\noutput \"y\" %0\n";

std::string RefusalOf(const std::string& lines) {
  try {
    Parse(kHead + lines);
    return "accepted";
  } catch (const Error& error) {
    return error.what();
  }
}

TEST(PrecisionLines, ComeBackFromThePrinter) {
  const std::string text =
      std::string(kHead) + "precision int8\nrange \"x\" -1.5 2\nkeep_float32 \"a/b\"\nkeep_float32 \"c\"\nobserve\n";
  EXPECT_EQ(Print(Parse(text)), text);
}

TEST(PrecisionLines, AreCheckedOneByOne) {
  EXPECT_NE(RefusalOf("precision int4\n").find("expected float32, bfloat16 or int8"), std::string::npos);
  EXPECT_NE(RefusalOf("range \"x\" 2 1\n").find("from a finite number"), std::string::npos);
  EXPECT_NE(RefusalOf("range \"x\" 0 inf\n").find("from a finite number"), std::string::npos);
  EXPECT_NE(RefusalOf("range \"x\" nan 1\n").find("from a finite number"), std::string::npos);
  EXPECT_NE(RefusalOf("range \"x\" 0 1\nrange \"x\" 0 1\n").find("occurs twice"), std::string::npos);
  EXPECT_NE(RefusalOf("keep_float32 x\n").find("quoted name"), std::string::npos);
  EXPECT_NE(RefusalOf("observed\n").find("Plan line 4"), std::string::npos);
}

TEST(PrecisionRequest, TakesAScopeWithAllThatIsInIt) {
  PrecisionRequest request;
  request.keep_float32 = {"net/logits"};
  EXPECT_TRUE(request.KeepsFloat32("net/logits"));
  EXPECT_TRUE(request.KeepsFloat32("net/logits/Conv2D"));
  EXPECT_FALSE(request.KeepsFloat32("net/logits2/Conv2D"));
  EXPECT_FALSE(request.KeepsFloat32("net"));
}

// x -> conv -> relu, squeezed.
Program SmallConvolution() {
  Builder b;
  const ValueId x = b.Input("x", Float({1, 1, 1, 16}));
  const ValueId y = b.Op(ReluAttrs{}, {b.Conv(x, 1, 16)});
  b.Output("y", b.Op(SqueezeAttrs{{1, 2}}, {y}));
  return b.Take();
}

std::string RefusalOf(const Program& program) {
  try {
    Verify(program);
    return "accepted";
  } catch (const Error& error) {
    return error.what();
  }
}

TEST(Encodings, BelongToPlainFloat32ValuesOfTheRun) {
  Program program = SmallConvolution();
  const Encoding low{DType::kBFloat16, 0};
  program.values[0].encoding = low;  // the caller's input
  EXPECT_NE(RefusalOf(program).find("cannot be stored as bfloat16"), std::string::npos);
  program = SmallConvolution();
  program.values[2].encoding = Encoding{DType::kInt8, 0};
  EXPECT_NE(RefusalOf(program).find("has no step"), std::string::npos);
}

TEST(Encodings, AreThoseOfWhatAViewLooksAt) {
  Program program = SmallConvolution();
  program.values[3].encoding = Encoding{DType::kBFloat16, 0};
  EXPECT_NE(RefusalOf(program).find("a view is stored otherwise"), std::string::npos);
  program.values[4].encoding = Encoding{DType::kBFloat16, 0};
  EXPECT_EQ(RefusalOf(program), "accepted");
  EXPECT_EQ(program.values[3].bytes(), 32U);
}

TEST(AssignPrecision, SaysWhichRangeIsMissing) {
  Program program = SmallConvolution();
  program.precision.precision = Precision::kInt8;
  program.precision.ranges = {{"x", {0, 1}}};
  const std::unique_ptr<Backend> backend = MakeBackend("reference", {.threads = 1});
  try {
    RunPipeline(program, *backend);
    FAIL() << "accepted";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kCompile);
    EXPECT_NE(std::string(error.what()).find("int8 needs the range of every value"), std::string::npos) << error.what();
  }
}

TEST(AssignPrecision, LeavesObservedProgramsUnfused) {
  Program program = SmallConvolution();
  program.precision.observe = true;
  const std::unique_ptr<Backend> backend = MakeBackend("reference", {.threads = 1});
  RunPipeline(program, *backend);
  for (const Node& node : program.nodes) EXPECT_TRUE(node.post_ops.empty()) << node.name;
}

}  // namespace
}  // namespace slimnet::testing
