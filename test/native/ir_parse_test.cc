#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <random>
#include <string>
#include <string_view>

#include "base/error.h"
#include "ir/limits.h"
#include "ir/program.h"
#include "native/plans.h"

namespace slimnet::testing {
namespace {

// The message of the PlanError that reading `text` gives.
std::string ErrorOf(const std::string& text) {
  try {
    Parse(text);
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kPlan);
    return error.what();
  }
  return "nothing was thrown";
}

void ExpectError(const std::string& text, const std::string& part) {
  const std::string message = ErrorOf(text);
  EXPECT_NE(message.find(part), std::string::npos) << "received: " << message << "\nexpected: " << part;
}

// A plan with `line` as its line 3.
std::string With(const std::string& line) {
  return "slimnet.plan 1\n%0 = input() {name=\"x\"} @\"x\" : float32[2,3]\n" + line + "\noutput \"y\" %0\n";
}

TEST(Parse, GivesBackWhatPrintWrote) {
  const Program program = Parse(kAllOps);
  EXPECT_EQ(Print(program), kAllOps);
  EXPECT_NO_THROW(Verify(program));
  EXPECT_EQ(program.nodes.size(), 60U);
  EXPECT_EQ(program.values.size(), 65U);
  EXPECT_EQ(program.outputs.size(), 13U);
  EXPECT_EQ(program.updates.size(), 3U);
}

TEST(Parse, ReadsAttributesOfEachKind) {
  const Program program = Parse(kAllOps);
  const auto node = [&](const std::string& name) -> const Node& {
    return *std::find_if(program.nodes.begin(), program.nodes.end(), [&](const Node& n) { return n.name == name; });
  };
  EXPECT_EQ(std::get<InputAttrs>(node("images").attrs).name, "images");
  EXPECT_EQ(std::get<BatchNormAttrs>(node("bn").attrs).epsilon, 1e-5);
  EXPECT_TRUE(std::get<BatchNormTrainingAttrs>(node("bn_1").attrs).bessel);
  EXPECT_EQ(std::get<CastAttrs>(node("cast").attrs).dtype, DType::kUInt8);
  EXPECT_EQ(std::get<DropoutAttrs>(node("dropout").attrs).seed, 4294967295);
  EXPECT_EQ(std::get<MaxPool2dAttrs>(node("max").attrs).pads, (std::array<int64_t, 4>{0, 1, 0, 1}));
  EXPECT_EQ(std::get<ArgmaxAttrs>(node("argmax").attrs).axis, -1);
  EXPECT_EQ(program.values[32].port, 1);
  EXPECT_EQ(node("fill \"q\" \\ \t é").op, OpKind::kConstant);
}

TEST(Parse, SaysWhatIsWrongAndWhere) {
  ExpectError("", "Plan line 1, column 1: the text ends inside this line");
  ExpectError("slimnet.plan 1", "the text ends inside this line");
  ExpectError("slimnet.plan 2\n", "the plan has version 2, this build reads version 1");
  ExpectError("tensorflow\n", "Plan line 1, column 1: expected \"slimnet.plan \", received \"tensorflow\"");
  ExpectError("slimnet.plan 1\n", "asks for nothing");
  ExpectError(With(""), "Plan line 3, column 1: expected \"%\", received the end of the line");
  ExpectError(With("%1 = relu(%0) {} @\"y\" : float32[2,3] "), "column 37: expected the end of the line");
  ExpectError(With("%1 = relu(%0)  {} @\"y\" : float32[2,3]"), "column 14: expected \" {\"");
  ExpectError(With("%1 = swish(%0) {} @\"y\" : float32[2,3]"),
              "column 6: expected an op of this build, received \"swish(%0)");
  ExpectError(With("%1 = reorder(%0) {} @\"y\" : float32[2,3]"), "expected an op that plans may hold");
  ExpectError(With("%2 = relu(%0) {} @\"y\" : float32[2,3]"), "the next value number: expected 1 to 1, received 2");
  ExpectError(With("%1 = relu(%1) {} @\"y\" : float32[2,3]"),
              "the number of a value that is made above: expected 0 to 0");
  ExpectError(With("%1 = relu(%-1) {} @\"y\" : float32[2,3]"), "made above");
  ExpectError(With("%1 = relu(%99999999999999999999) {} @\"y\" : float32[2,3]"), "made above");
  ExpectError(With("%1 = relu(%00) {} @\"y\" : float32[2,3]"), "superfluous digits");
  ExpectError(With("%1 = relu(%0, %0) {} @\"y\" : float32[2,3]"), "relu takes 1 inputs, received 2");
  ExpectError(With("%1 = relu() {} @\"y\" : float32[2,3]"), "relu takes 1 inputs, received 0");
  ExpectError(With("%1, %2 = relu(%0) {} @\"y\" : float32[2,3], float32[2,3]"), "relu has 1 results, the line names 2");
  ExpectError(With("%1 = relu(%0) {slope=1} @\"y\" : float32[2,3]"), "expected \"} @\"");
  ExpectError(With("%1 = argmax(%0) {} @\"y\" : int32[2]"), "expected \"axis=\"");
  ExpectError(With("%1 = argmax(%0) {axis=1.5} @\"y\" : int32[2]"), "expected an integer");
  ExpectError(With("%1 = argmax(%0) {axis=9007199254740992} @\"y\" : int32[2]"),
              "an integer: expected -9007199254740991");
  ExpectError(With("%1 = pad(%0) {pads=[0,0,0,0} @\"y\" : float32[2,3]"), "expected \",\"");
  ExpectError(With("%1 = cast(%0) {dtype=float} @\"y\" : float32[2,3]"), "expected a dtype, received \"float}");
  ExpectError(With("%1 = reduce_sum(%0) {axes=[], keep_dims=yes} @\"y\" : float32[]"), "expected true or false");
  ExpectError(With("%1 = dropout(%0) {keep_prob=1.0, seed=0} @\"y\" : float32[2,3]"),
              "expected the shortest text of the number, 1");
  ExpectError(With("%1 = dropout(%0) {keep_prob=infinity, seed=0} @\"y\" : float32[2,3]"), "expected a number");
  ExpectError(With("%1 = dropout(%0) {keep_prob=1e999, seed=0} @\"y\" : float32[2,3]"), "does not fit a double");
  ExpectError(With("%1 = relu(%0) {} @\"y\" : float32[2,3"), "expected \",\", received the end of the line");
  ExpectError(With("%1 = relu(%0) {} @\"y\" : float32[-1]"), "a dimension: expected 0 to 2147483647, received -1");
  ExpectError(With("%1 = relu(%0) {} @\"y\" : float32[2147483648]"), "a dimension: expected 0 to 2147483647");
  ExpectError(With("%1 = relu(%0) {} @\"y\" : float32[1,1,1,1,1,1,1,1,1]"), "more than 8 dimensions");
  ExpectError(With("%1 = relu(%0) {} @\"y\" : float32[1048576,1048576,2]"), "has more than 1099511627776 elements");
  ExpectError(With("%1 = relu(%0) {} @\"y"), "expected a closing quote");
  ExpectError(With("%1 = relu(%0) {} @\"a\tb\" : float32[2,3]"), "expected a control character to be escaped");
  ExpectError(With("%1 = relu(%0) {} @\"\\n\" : float32[2,3]"), "expected one of the escapes");
  ExpectError(With("%1 = relu(%0) {} @\"\\u0041\" : float32[2,3]"), "expected one of the escapes");
  ExpectError(With("%1 = relu(%0) {} @\"\xff\" : float32[2,3]"), "is not UTF-8");
  ExpectError(With("output \"y\" %0"), "the output name y occurs twice");
  ExpectError(With("output \"z\" %7"), "made above");
  ExpectError(With("output z %0"), "expected a quoted output name");
  ExpectError(With("update %0\noutput \"z\" %0"),
              "Plan line 4, column 8: expected no `output` after the first `update`");
  ExpectError(With("output \"z\" %0\n%1 = relu(%0) {} @\"y\" : float32[2,3]"),
              "expected no node after the first `output`");
  ExpectError(With("prologue:"), "expected \"%\", received \"prologue:\"");
}

TEST(Parse, LimitsNames) {
  const auto named = [](size_t length) {
    return With("%1 = relu(%0) {} @\"" + std::string(length, 'n') + "\" : float32[2,3]");
  };
  EXPECT_NO_THROW(Parse(named(limits::kNameBytes)));
  ExpectError(named(limits::kNameBytes + 1), "a quoted node name is longer than 4096 bytes");
  ExpectError(named(10'000'000), "longer than 4096 bytes");
}

TEST(Parse, LimitsConstants) {
  const auto values = [](size_t count) {
    std::string list = "0";
    for (size_t i = 1; i < count; ++i) list += ",0";
    return With("%1 = constant() {values=[" + list + "]} @\"c\" : float32[" + std::to_string(count) + "]");
  };
  EXPECT_NO_THROW(Parse(values(limits::kConstantValues)));
  ExpectError(values(limits::kConstantValues + 1), "a list holds more than 1048576 values");
}

TEST(Parse, AllocatesNothingForWhatAConstantOnlyClaims) {
  const Program program = Parse(With("%1 = constant() {values=[0]} @\"c\" : float32[1048576,1048576]"));
  EXPECT_EQ(std::get<ConstantAttrs>(program.nodes[1].attrs).values.size(), 1U);
}

TEST(Parse, LimitsNodes) {
  std::string text = "slimnet.plan 1\n%0 = input() {name=\"x\"} @\"x\" : float32[]\n";
  for (size_t i = 1; i < limits::kNodes; ++i) {
    text += "%" + std::to_string(i) + " = abs(%" + std::to_string(i - 1) + ") {} @\"\" : float32[]\n";
  }
  EXPECT_EQ(Parse(text + "output \"y\" %0\n").nodes.size(), limits::kNodes);
  ExpectError(text + "%1000000 = abs(%0) {} @\"\" : float32[]\n", "the plan has more than 1000000 nodes");
}

TEST(Parse, ReadsWhereToSplit) {
  const std::string plan = With("%1 = relu(%0) {} @\"y\" : float32[2,3]");
  EXPECT_FALSE(Parse(plan).split);
  EXPECT_EQ(Parse(plan + "split never\n").split->steps, 0);
  const Program split = Parse(plan + "split 3 1\n");
  EXPECT_EQ(split.split->steps, 3);
  EXPECT_EQ(split.split->images, 1);
  for (const std::string line : {"split never\n", "split 3 1\n"}) EXPECT_EQ(Print(Parse(plan + line)), plan + line);
  EXPECT_EQ(Parse(plan).random_step, "");
  EXPECT_EQ(Parse(plan + "random_step \"a/step\"\n").random_step, "a/step");
  EXPECT_EQ(Print(Parse(plan + "random_step \"a/step\"\n")), plan + "random_step \"a/step\"\n");
  ExpectError(plan + "random_step 3\n", "a quoted name of a variable");
  ExpectError(plan + "split 0 1\n", "`never` or a number of steps");
  ExpectError(plan + "split 3\n", "expected \" \"");
  ExpectError(plan + "split 3 0\n", "a number of images");
}

TEST(Parse, RefusesViewsOfTheMicrobatchLoop) {
  ExpectError(With("%1 = microbatch_slice(%0) {count=2} @\"p\" : float32[1,3]"), "an op that plans may hold");
  ExpectError(With("%1 = microbatch_concat(%0) {count=2} @\"j\" : float32[4,3]"), "an op that plans may hold");
}

TEST(Parse, LimitsTheText) {
  std::string text(limits::kTextBytes + 1, '\n');
  ExpectError(text, "The plan has 268435457 bytes, the limit is 268435456");
}

TEST(Parse, RefusesATextThatWasCutOff) {
  // A cut at the end of an output line leaves a valid plan of fewer results: everything before is refused.
  const size_t body = kAllOps.find("output");
  for (size_t length = 0; length <= body; ++length) EXPECT_THROW(Parse(kAllOps.substr(0, length)), Error) << length;
}

// One to three random edits: bytes replaced, removed or doubled, and stretches copied from elsewhere in the plan.
std::string Mutated(const std::string& text, std::mt19937& random) {
  static constexpr std::string_view kAlphabet = "%0123456789=,.()[]{}@\"\\: \n-+eunfxabc\t\xff\xc3";
  std::string mutated = text;
  for (uint32_t edits = 1 + random() % 3; edits > 0; --edits) {
    const size_t at = random() % mutated.size();
    switch (random() % 5) {
      case 0:
        mutated[at] = kAlphabet[random() % kAlphabet.size()];
        break;
      case 1:
        mutated.erase(at, 1 + random() % 8);
        break;
      case 2:
        mutated.insert(at, 1, kAlphabet[random() % kAlphabet.size()]);
        break;
      case 3:
        mutated.insert(at, mutated, random() % mutated.size(), random() % 60);
        break;
      default:
        mutated.replace(at, 1, std::to_string(random()));
        break;
    }
    if (mutated.empty()) mutated = "\n";
  }
  return mutated;
}

TEST(Parse, AnswersMutatedPlansWithAnErrorOrAProgram) {
  std::mt19937 random(20161);
  int accepted = 0;
  int verified = 0;
  for (int i = 0; i < 20'000; ++i) {
    const std::string text = Mutated(kAllOps, random);
    try {
      const Program program = Parse(text);
      ++accepted;
      const std::string printed = Print(program);
      EXPECT_EQ(Print(Parse(printed)), printed);
      Verify(program);
      ++verified;
    } catch (const Error& error) {
      EXPECT_TRUE(error.code() == ErrorCode::kPlan || error.code() == ErrorCode::kShape) << error.what();
    }
  }
  // Some mutations only change a name or a number: the others must have been found.
  EXPECT_GT(accepted, 500);
  EXPECT_LT(accepted, 10'000);
  EXPECT_GT(verified, 200);
  EXPECT_LT(verified, accepted);
}

}  // namespace
}  // namespace slimnet::testing
