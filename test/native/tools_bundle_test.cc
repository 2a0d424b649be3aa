// Recorded cases: the reader, the measures, and the judgement of a backend's results.
#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <limits>
#include <string>
#include <vector>

#include "base/crc32c.h"
#include "base/error.h"
#include "ir/text.h"
#include "native/devices/cudnn_software/interpreter/pinned_cudnn.h"
#include "native/devices/cudnn_software/software_backend.h"
#include "tools/bundle/bundle.h"
#include "tools/bundle/compare.h"
#include "tools/bundle/journal.h"
#include "tools/bundle/machine.h"
#include "tools/bundle/verdict.h"

namespace slimnet::bundle {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

std::vector<std::byte> BytesOf(const std::string& text) {
  const auto bytes = std::as_bytes(std::span(text));
  return {bytes.begin(), bytes.end()};
}

template <class T>
std::string Raw(const std::vector<T>& values) {
  return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T)};
}

std::string Sized(const std::string& line, const std::string& bytes) {
  return line + " " + std::to_string(bytes.size()) + "\n" + bytes + "\n";
}

std::string CaseOf(const std::string& name, const std::string& body) {
  return Sized("case " + Quote(name) + " " + std::to_string(Crc32c(BytesOf(body))), body);
}

std::string BundleOf(const std::vector<std::string>& cases) {
  std::string text = "slimnet.bundle 1\n";
  for (const std::string& item : cases) text += item;
  return text + "end " + std::to_string(cases.size()) + "\n";
}

const std::string kPlan = R"(slimnet.plan 1
%0 = input() {name="x"} @"x" : float32[2]
%1 = variable() {name="w"} @"w" : float32[2]
%2 = mul(%0, %1) {} @"y" : float32[2]
%3 = assign_add(%1, %0) {} @"sum" : float32[2]
output "y" %2
update %3
)";

// y = x w, then w += x: with w = (2, 3) and x = (5, 7).
std::string Body(const std::vector<float>& y, const std::vector<float>& w, const std::string& more = {}) {
  return Sized("plan", kPlan) + more + Sized("variable \"w\" float32[2] values", Raw<float>({2, 3})) + "run\n" +
         Sized("feed \"x\" float32[2] values", Raw<float>({5, 7})) +
         Sized("expect \"y\" float32[2] close 0.001 0 values", Raw(y)) +
         Sized("expect_variable \"w\" float32[2] close 0 0 values", Raw(w));
}

Bundle Parsed(const std::string& text) { return Bundle::Parse(BytesOf(text), "some.bundle"); }

Bundle One(const std::string& body) { return Parsed(BundleOf({CaseOf("a case", body)})); }

std::string ErrorOf(const std::string& text) {
  try {
    Parsed(text);
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kArgument);
    return error.what();
  }
  return "none";
}

TEST(Bundle, HasWhatWasWritten) {
  const Bundle bundle = Parsed(BundleOf({CaseOf("one", Body({10, 21}, {7, 10})), CaseOf("two", Body({0, 0}, {0, 0}))}));
  ASSERT_EQ(bundle.cases().size(), 2U);
  const Case& item = bundle.cases()[0];
  EXPECT_EQ(item.name, "one");
  EXPECT_EQ(item.plan, kPlan);
  EXPECT_FALSE(item.slow_on_reference);
  ASSERT_EQ(item.runs.size(), 1U);
  EXPECT_EQ(item.runs[0].feeds[0].name, "x");
  EXPECT_EQ(ToString(item.runs[0].feeds[0].type), "float32[2]");
  EXPECT_EQ(Materialize(item.variables[0]), BytesOf(Raw<float>({2, 3})));
  EXPECT_EQ(item.runs[0].outputs[0].measure.limit, 0.001);
}

TEST(Bundle, DrawsTheNumbersOfTheGenerator) {
  // hash(1, 7) and hash(123456, 3000) of scripts/golden/generator.mjs.
  EXPECT_EQ(Drawn(0, 0), 0.029149997048079967);
  EXPECT_EQ(Drawn(1, 7), 0.1422334578819573);
  EXPECT_EQ(Drawn(123456, 3000), 0.9076657989062369);
  const Bundle bundle = One(Sized("plan", kPlan) + "variable \"w\" float32[2] drawn 7 0.5 3\nrun\n");
  std::vector<float> values(2);
  std::memcpy(values.data(), Materialize(bundle.cases()[0].variables[0]).data(), 8);
  EXPECT_EQ(values[1], static_cast<float>(3 + 0.5 * (2 * Drawn(1, 7) - 1)));
}

TEST(Bundle, DrawsTheSameNumbersAgain) {
  const Bundle bundle = One(Sized("plan", kPlan) + "variable \"w\" float32[5] drawn 7 1 0 again 2\nrun\n");
  std::vector<float> values(5);
  std::memcpy(values.data(), Materialize(bundle.cases()[0].variables[0]).data(), 20);
  EXPECT_NE(values[0], values[1]);
  EXPECT_EQ(values, (std::vector<float>{values[0], values[1], values[0], values[1], values[0]}));
}

TEST(Bundle, RepeatsValuesUntilATensorIsFull) {
  const Bundle bundle =
      One(Sized("plan", kPlan) + Sized("variable \"w\" uint8[2,3] repeated", std::string("\1\2", 2)) + "run\n");
  EXPECT_EQ(Materialize(bundle.cases()[0].variables[0]), BytesOf("\1\2\1\2\1\2"));
}

TEST(Bundle, IsRefusedWhereverItIsCutOff) {
  const std::string text = BundleOf({CaseOf("a case", Body({10, 21}, {7, 10}))});
  for (size_t size = 0; size < text.size(); ++size) {
    ASSERT_NE(ErrorOf(text.substr(0, size)), "none") << size << " of " << text.size() << " bytes";
  }
}

TEST(Bundle, IsRefusedWhicheverByteIsAnother) {
  const std::string text = BundleOf({CaseOf("a case", Body({10, 21}, {7, 10}))});
  const size_t name = text.find("a case");
  for (size_t at = 0; at < text.size(); ++at) {
    if (at >= name && at < name + 6) continue;  // another name is another name
    std::string damaged = text;
    damaged[at] = static_cast<char>(damaged[at] ^ 4);
    ASSERT_NE(ErrorOf(damaged), "none") << "byte " << at;
  }
}

TEST(Bundle, SaysWhatIsWrongAndWhere) {
  EXPECT_EQ(ErrorOf("slimnet.bundle 2\nend 0\n"),
            "some.bundle: Bundle line 1, column 17: the bundle has version 2, this build reads version 1.");
  EXPECT_EQ(ErrorOf("slimnet.bundle 1\nend 3\n"),
            "some.bundle: Bundle line 2, column 6: the bundle should have 3 cases and has 0.");
  const auto body = [](const std::string& lines) {
    return ErrorOf(BundleOf({CaseOf("a case", Sized("plan", kPlan) + lines)}));
  };
  const std::string at = "some.bundle: case \"a case\": ";
  EXPECT_EQ(body(""), at + "it has no run");
  EXPECT_EQ(body("feed \"x\" float32[2] drawn 1 1 0\n"),
            at + "Case line 2, column 6: expected a line `run` before it.");
  EXPECT_EQ(body("run\n" + Sized("feed \"x\" float32[3] values", Raw<float>({5, 7}))),
            at + "Case line 3, column 29: float32[3] has 12 bytes, received 8.");
  EXPECT_EQ(body("run\n" + Sized("feed \"x\" float32[3] repeated", Raw<float>({5, 7}))),
            at + "Case line 3, column 31: float32[3] has 12 bytes, which are no multiple of 8.");
  EXPECT_EQ(body("run\nfeed \"x\" int64[3] drawn 1 1 0\n"),
            at + "Case line 3, column 30: values of int64 cannot be drawn.");
  EXPECT_EQ(body("run\nfeed \"x\" float32[3] values 99\nshort\n"),
            at + "Case line 3, column 30: 99 bytes and a line feed must follow, and there are 6.");
  EXPECT_EQ(body("run\nexpect \"y\" float32[2] close -1 0 drawn 1 1 0\n"),
            at + "Case line 3, column 31: the limit is not below 0.");
  EXPECT_EQ(ErrorOf(BundleOf({CaseOf("a", Body({1, 1}, {1, 1})), CaseOf("a", Body({1, 1}, {1, 1}))})).substr(0, 20),
            "some.bundle: Bundle ");
  std::string damaged = BundleOf({CaseOf("a case", Body({10, 21}, {7, 10}))});
  damaged[damaged.find("mul(")] = 'M';
  EXPECT_EQ(ErrorOf(damaged), at + "its bytes are damaged: the checksum is another");
  EXPECT_THROW(Bundle::Read("/no/such.bundle"), Error);
}

Difference CloseTo(const std::vector<float>& actual, const std::vector<float>& expected, double limit, double addend) {
  return Compare(std::as_bytes(std::span(actual)), std::as_bytes(std::span(expected)),
                 {DType::kFloat32, {static_cast<int64_t>(expected.size())}}, {Measure::Kind::kClose, limit, addend});
}

TEST(Compare, CountsErrorsAgainstValueAndScale) {
  EXPECT_NEAR(CloseTo({3, 4.5}, {3, 4}, 0.1, 0).error, 0.5 / (0.1 * (4 + std::sqrt(12.5))), 1e-6);
  EXPECT_EQ(CloseTo({3, 4.5}, {3, 4}, 0.1, 0).text, "");
  EXPECT_NEAR(CloseTo({1, 1.5}, {1, 1}, 0, 2).error, 0.25, 1e-12);
  const Difference wrong = CloseTo({1, 7}, {1, 4}, 0.1, 0);
  EXPECT_GT(wrong.error, 1);
  EXPECT_EQ(wrong.text, "1 of 2 values differ, by up to 3; the first is [1]: 7 instead of 4");
}

TEST(Compare, MeetsNaNWithNaNAndInfinityWithInfinity) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const auto inf = static_cast<float>(kInfinity);
  EXPECT_EQ(CloseTo({nan, inf, -inf}, {nan, inf, -inf}, 0, 0).error, 0);
  EXPECT_EQ(CloseTo({nan}, {1}, 1, 1).error, kInfinity);
  EXPECT_EQ(CloseTo({1}, {nan}, 1, 1).error, kInfinity);
  EXPECT_EQ(CloseTo({inf}, {1}, 1, 1).error, kInfinity);
  EXPECT_EQ(CloseTo({-inf}, {inf}, 1, 1).error, kInfinity);
  EXPECT_EQ(CloseTo({1}, {2}, 0, 0).error, kInfinity);
  EXPECT_EQ(CloseTo({1}, {1, 2}, 1, 1).text, "1 values instead of 2");
}

TEST(Compare, TakesTheMeanOfErrorsWhereItIsToldTo) {
  const auto error = [](const std::vector<float>& actual, double floor) {
    const std::vector<float> expected{3, 4};
    return Compare(std::as_bytes(std::span(actual)), std::as_bytes(std::span(expected)), {DType::kFloat32, {2}},
                   {Measure::Kind::kRms, 0.5, floor})
        .error;
  };
  EXPECT_NEAR(error({3, 5}, 0), std::sqrt(0.5) / (0.5 * std::sqrt(12.5)), 1e-12);
  EXPECT_NEAR(error({3, 5}, 10), std::sqrt(0.5) / (0.5 * 10), 1e-12);
  EXPECT_EQ(error({3, std::nanf("")}, 0), kInfinity);
}

TEST(Compare, KnowsALongTensorByItsStatistics) {
  std::vector<float> values(100);
  for (size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i) - 50;
  const auto sample = [&](int64_t i) { return values[static_cast<size_t>(Drawn(i, 3000) * 100)]; };
  std::vector<double> stored{-50, 2500, -50, 49, sample(0), sample(1)};
  const auto error = [&](const std::vector<float>& actual) {
    return Compare(std::as_bytes(std::span(actual)), std::as_bytes(std::span(stored)), {DType::kFloat32, {100}},
                   {Measure::Kind::kStatistics, 0.01, 0})
        .error;
  };
  EXPECT_EQ(error(values), 0);
  std::vector<float> other = values;
  other[static_cast<size_t>(Drawn(1, 3000) * 100)] += 2;
  EXPECT_GT(error(other), 1);
  other = values;
  other[0] = std::nanf("");
  EXPECT_EQ(error(other), kInfinity);
  stored[3] = 60;
  EXPECT_GT(error(values), 1);
}

class Verdicts : public ::testing::TestWithParam<const char*> {
 protected:
  CaseResult Of(const std::string& body) {
    const Bundle bundle = One(body);
    return Check(bundle.cases()[0], machine_, reference_);
  }

  Machine machine_{GetParam(), 2};
  Machine reference_{"reference", 1};
};

TEST_P(Verdicts, PassWhereResultsAndVariablesAreAsExpected) {
  const CaseResult result = Of(Body({10, 21}, {7, 10}));
  EXPECT_EQ(result.message, "");
  EXPECT_EQ(result.state, CaseResult::State::kPassed);
  EXPECT_FALSE(Implementations(result.computed.steps).empty());
}

TEST_P(Verdicts, LeaveToTheReferenceWhatTheBundleDoesNotSay) {
  const std::string lines =
      Sized("plan", kPlan) + "variable \"w\" float32[2] drawn 1 1 0\nrun\n" + "feed \"x\" float32[2] drawn 2 1 0\n";
  EXPECT_EQ(Of(lines + "expect \"y\" float32[2] close 0 0 of_reference\n").state, CaseResult::State::kPassed);
  // Of other names there is nothing to compare with.
  EXPECT_EQ(Of(lines + "expect \"z\" float32[2] close 0 0 of_reference\n").message, "result \"z\": there is none");
  EXPECT_NE(ErrorOf(BundleOf({CaseOf("a", lines + "feed \"z\" float32[2] of_reference\n")})), "none");
}

TEST_P(Verdicts, FailWhereAResultOrAVariableIsAnother) {
  CaseResult result = Of(Body({10, 22}, {7, 10}));
  EXPECT_EQ(result.state, CaseResult::State::kFailed);
  EXPECT_EQ(result.message.substr(0, 11), "result \"y\":");
  result = Of(Body({10, 21}, {7, 11}));
  EXPECT_EQ(result.state, CaseResult::State::kFailed);
  EXPECT_EQ(result.message.substr(0, 13), "variable \"w\":");
}

TEST_P(Verdicts, RunsFollowOneAnotherOnTheSameVariables) {
  // w is (7, 10) after the first run.
  const std::string second = "run\n" + Sized("feed \"x\" float32[2] values", Raw<float>({1, 2})) +
                             Sized("expect \"y\" float32[2] close 0 0 values", Raw<float>({7, 20}));
  EXPECT_EQ(Of(Body({10, 21}, {7, 10}) + second).message, "");
  EXPECT_EQ(Of(Body({10, 21}, {7, 10}) + second + second).message.substr(0, 6), "run 3:");
}

TEST_P(Verdicts, HoldANoteOfADifferenceToItsWord) {
  const std::string note = std::string("differs \"") + GetParam() + "\" \"a reason\"\n";
  EXPECT_EQ(Of(Body({10, 22}, {7, 10}, note)).state, CaseResult::State::kPassed);
  const CaseResult untrue = Of(Body({10, 21}, {7, 10}, note));
  EXPECT_EQ(untrue.state, CaseResult::State::kFailed);
  EXPECT_EQ(untrue.message, "it should differ (a reason) and does not");
  EXPECT_EQ(Of(Body({10, 21}, {7, 10}, "differs \"another\" \"a reason\"\n")).state, CaseResult::State::kPassed);
}

TEST_P(Verdicts, NameWhatACaseLacks) {
  const auto message = [&](const std::string& lines) { return Of(Sized("plan", kPlan) + lines).message; };
  EXPECT_EQ(message("run\n"), "ERR_EXECUTION: The plan uses variable w, which the store does not have.");
  const std::string w = Sized("variable \"w\" float32[2] values", Raw<float>({2, 3}));
  EXPECT_EQ(message(w + "run\n"), "ERR_ARGUMENT: The case has no feed \"x\".");
  EXPECT_EQ(message(w + "run\nfeed \"x\" float64[2] drawn 1 1 0\n"),
            "ERR_ARGUMENT: The feed \"x\" is float64[2], the plan's input float32[2].");
  EXPECT_EQ(message(w + "run\nfeed \"x\" float32[2] drawn 1 1 0\nexpect \"z\" float32[2] close 0 0 drawn 1 1 0\n"),
            "result \"z\": there is none");
}

TEST_P(Verdicts, AskForTheFailureThatIsExpected) {
  const std::string plan = R"(slimnet.plan 1
%0 = input() {name="x"} @"x" : float32[2]
%1 = check_numerics(%0) {message="loss"} @"y" : float32[2]
output "y" %1
)";
  const auto of = [&](float value, const std::string& fails) {
    return Of(Sized("plan", plan) + "run\n" + Sized("feed \"x\" float32[2] values", Raw<float>({value, 1})) + "fails " +
              Quote(fails) + "\n");
  };
  const auto inf = static_cast<float>(kInfinity);
  EXPECT_EQ(of(inf, "loss").state, CaseResult::State::kPassed);
  EXPECT_EQ(of(inf, "another").state, CaseResult::State::kFailed);
  EXPECT_EQ(of(1, "loss").message, "the run should fail with \"loss\": it ended well");
}

TEST_P(Verdicts, HoldOtherOrdersOfTheValuesToTheReference) {
  // What the bundle expects is of the values as they stand.
  const Bundle bundle = One(Body({10, 21}, {7, 10}));
  for (uint64_t seed = 0; seed < 8; ++seed) {
    const CaseResult result = CheckShuffled(bundle.cases()[0], machine_, reference_, seed);
    EXPECT_EQ(result.state, CaseResult::State::kPassed) << result.message;
  }
}

INSTANTIATE_TEST_SUITE_P(On, Verdicts, ::testing::Values("reference", "onednn", "discrete"));

TEST(Verdict, NamesTheReasonForWhichABackendRefuses) {
  Machine machine("onednn", 1);
  const std::string plan = R"(slimnet.plan 1
%0 = input() {name="x"} @"x" : float64[2]
%1 = exp(%0) {} @"y" : float64[2]
output "y" %1
)";
  const Bundle bundle = One(Sized("plan", plan) + "run\nfeed \"x\" float64[2] drawn 1 1 0\n");
  Machine reference("reference", 1);
  const CaseResult result = Check(bundle.cases()[0], machine, reference);
  EXPECT_EQ(result.state, CaseResult::State::kRefused);
  EXPECT_NE(result.message.find("cannot run on backend onednn"), std::string::npos);
}

TEST(Verdict, RefusesAPrecisionThatTheBackendDoesNotOffer) {
  Machine reference("reference", 1);
  int refusals = 0;
  for (const BackendEntry& entry : BackendEntries()) {
    if (!entry.available()) continue;
    Machine machine(entry.name, 1);
    for (const Precision precision : {Precision::kBFloat16, Precision::kInt8}) {
      if (machine.backend().Offers(precision)) continue;
      const Bundle bundle = One(Sized("plan", kPlan + "precision " + std::string(Name(precision)) + "\n") +
                                "variable \"w\" float32[2] drawn 1 1 0\nrun\nfeed \"x\" float32[2] drawn 2 1 0\n");
      const CaseResult result = Check(bundle.cases()[0], machine, reference);
      EXPECT_EQ(result.state, CaseResult::State::kRefused) << result.message;
      ++refusals;
    }
  }
  if (refusals == 0) GTEST_SKIP() << "all backends offer all precisions here";
}

TEST(Journal, KnowsWhatAnEarlierProcessDid) {
  const auto path = std::filesystem::temp_directory_path() / ("slimnet_journal_" + std::to_string(::getpid()));
  std::filesystem::remove(path);
  {
    Journal journal(path.string());
    journal.Write("begun", "a");
    journal.Write("passed", "a", "{}");
    journal.Write("begun", "b");
    journal.Write("failed", "b", "{}");
    journal.Write("begun", "c \"quoted\"");
  }
  {
    const Journal journal(path.string());
    EXPECT_EQ(journal.interrupted(), "c \"quoted\"");
    EXPECT_TRUE(journal.IsDone("a"));
    EXPECT_TRUE(journal.IsDone("c \"quoted\""));
    EXPECT_FALSE(journal.IsDone("d"));
    EXPECT_EQ(journal.passed(), 1U);
    EXPECT_EQ(journal.failed(), 2U);
  }
  {
    const Journal journal(path.string());
    EXPECT_EQ(journal.interrupted(), "");
    EXPECT_EQ(journal.failed(), 2U);
  }
  std::ofstream(path, std::ios::app) << "passed d\n";
  EXPECT_THROW(Journal(path.string()), Error);
  std::filesystem::remove(path);
}

TEST(Machine, ALostDeviceIsToldFromOneWithoutMemory) {
  if (const Verdict verdict = slimnet::testing::HasPinnedCudnn(); !verdict) GTEST_SKIP() << verdict.reason;
  const auto faults = std::make_shared<slimnet::testing::Faults>();
  const std::unique_ptr<Backend> backend = slimnet::testing::MakeCudnnSoftware(faults);
  const std::unique_ptr<Stream> stream = backend->NewStream(nullptr);
  EXPECT_TRUE(Works(*backend, *stream));
  faults->memory_bytes = 0;
  EXPECT_TRUE(Works(*backend, *stream));
  faults->lost = true;
  EXPECT_FALSE(Works(*backend, *stream));
}

}  // namespace
}  // namespace slimnet::bundle
