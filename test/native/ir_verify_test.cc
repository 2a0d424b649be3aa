#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "native/builder.h"

namespace slimnet::testing {
namespace {

void ExpectRefused(const Program& program, const std::string& part, ErrorCode code = ErrorCode::kPlan) {
  try {
    Verify(program);
    ADD_FAILURE() << "accepted; expected: " << part;
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), code);
    EXPECT_NE(std::string(error.what()).find(part), std::string::npos)
        << "received: " << error.what() << "\nexpected: " << part;
  }
}

// x -> conv -> relu, with a second image to add, and a bias.
Program Small() {
  Builder b;
  const ValueId x = b.Input("x", Float({1, 4, 4, 4}));     // %0
  b.Variable("bias", Float({4}));                          // %1
  const ValueId other = b.Op(AbsAttrs{}, {x});             // %2
  const ValueId y = b.Op(ReluAttrs{}, {b.Conv(x, 1, 4)});  // %3 filter, %4 conv, %5 relu
  b.Output("y", y);
  b.Output("z", b.Op(AddAttrs{}, {y, other}));  // %6
  return b.Take();
}

constexpr size_t kConv = 4;
constexpr size_t kRelu = 5;

// Lets the convolution absorb something.
Program Fused(PostOp post) {
  Program program = Small();
  program.nodes[kConv].post_ops.push_back(post);
  return program;
}

TEST(Verify, AcceptsWhatTheBuilderMakes) { EXPECT_NO_THROW(Verify(Small())); }

TEST(Verify, WantsValuesMadeOnceAndBeforeTheyAreRead) {
  Program program = Small();
  std::swap(program.nodes[kConv], program.nodes[kRelu]);
  ExpectRefused(program, "relu (relu_3): the input %4 is not made before it is read.");
  program = Small();
  program.nodes[kRelu].inputs[0] = 99;
  ExpectRefused(program, "the input %99 is not made");
  program.nodes[kRelu].inputs[0] = -1;
  ExpectRefused(program, "the input %-1 is not made");
  program = Small();
  program.nodes[kRelu].outputs[0] = 4;
  ExpectRefused(program, "the result %4 is already made");
  program.nodes[kRelu].outputs[0] = 77;
  ExpectRefused(program, "the result %77 is no value of the program");
  program = Small();
  program.values[5].port = 1;
  ExpectRefused(program, "the result %5 has the wrong port");
  program = Small();
  program.outputs[0].value = 50;
  ExpectRefused(program, "The output y is %50, which no node makes.");
  program = Small();
  program.updates.push_back(50);
  ExpectRefused(program, "The update %50 is made by no node.");
}

TEST(Verify, WantsTheFormOfTheOp) {
  Program program = Small();
  program.nodes[kRelu].inputs.push_back(0);
  ExpectRefused(program, "expected 1 inputs and 1 results, received 2 and 1");
  program = Small();
  program.nodes[kRelu].attrs = Relu6Attrs{};
  ExpectRefused(program, "the attributes are those of another op");
}

TEST(Verify, InfersTypesAgain) {
  Program program = Small();
  program.values[5].type.shape = {1, 4, 4, 5};
  ExpectRefused(program, "the plan says float32[1,4,4,5], the inputs give float32[1,4,4,4].", ErrorCode::kShape);
}

TEST(Verify, ChecksConstants) {
  Builder b;
  b.Output("y", b.Constant(Float({2, 3}), 1));
  Program program = b.Take();
  auto& values = std::get<ConstantAttrs>(program.nodes[0].attrs).values;
  values = {1, 2};
  ExpectRefused(program, "expected 6 values or one, received 2");
  values = {};
  ExpectRefused(program, "expected 6 values or one, received 0");
  values = {300};
  EXPECT_NO_THROW(Verify(program));
  const std::vector<std::pair<DType, std::vector<double>>> refused{
      {DType::kUInt8, {256}},    {DType::kInt8, {-129}}, {DType::kInt32, {0.5}},        {DType::kBool, {2}},
      {DType::kInt64, {9.3e18}}, {DType::kUInt64, {-1}}, {DType::kUInt32, {4294967296}}};
  for (const auto& [dtype, list] : refused) {
    program.values[0].type.dtype = dtype;
    values = list;
    ExpectRefused(program, "is no " + std::string(Name(dtype)));
  }
  const std::vector<std::pair<DType, std::vector<double>>> accepted{
      {DType::kUInt8, {255}}, {DType::kInt8, {-128}}, {DType::kBool, {1}}, {DType::kInt64, {-9223372036854775808.0}}};
  for (const auto& [dtype, list] : accepted) {
    program.values[0].type.dtype = dtype;
    values = list;
    EXPECT_NO_THROW(Verify(program)) << Name(dtype);
  }
}

TEST(Verify, TellsInputsApartAndVariablesTogether) {
  Builder b;
  const ValueId first = b.Variable("v", Float({2}));
  const ValueId second = b.Variable("v", Float({2}));
  b.Output("y", b.Op(AddAttrs{}, {first, second}));
  Program program = b.Take();
  program.values[1].type.shape = {1};
  ExpectRefused(program, "the variable is read as float32[1] and as float32[2].");
  for (Node& node : program.nodes) {
    if (node.op != OpKind::kVariable) continue;
    node.op = OpKind::kInput;
    node.attrs = InputAttrs{"v"};
  }
  ExpectRefused(program, "the input name v occurs twice");
}

TEST(Verify, WantsUpdatesOfVariables) {
  Builder b;
  const ValueId x = b.Input("x", Float({4}));
  const ValueId v = b.Variable("v", Float({4}));
  const ValueId assigned = b.Op(AssignMovingAverageAttrs{0.5}, {v, x});
  b.Update(assigned);
  Program program = b.Take();
  program.nodes[2].inputs[0] = x;
  ExpectRefused(program, "the input variable must be a variable");
  program.nodes[2].inputs[0] = v;
  program.updates = {x};
  ExpectRefused(program, "an `update` names this node, but it changes no variable");
}

TEST(Verify, ChecksPostOps) {
  EXPECT_NO_THROW(Verify(Fused({PostOp::Kind::kBias, 1, false})));
  EXPECT_NO_THROW(Verify(Fused({PostOp::Kind::kRelu, kNoValue, false})));
  ExpectRefused(Fused({PostOp::Kind::kBias, 0, false}), "the absorbed bias must be float32[4]");
  ExpectRefused(Fused({PostOp::Kind::kAdd, 1, false}), "the absorbed add takes float32[1,4,4,4], received float32[4]");
  ExpectRefused(Fused({PostOp::Kind::kRelu, 1, false}), "an operand too many or too few");
  ExpectRefused(Fused({PostOp::Kind::kAdd, kNoValue, false}), "an operand too many or too few");
  ExpectRefused(Fused({PostOp::Kind::kBias, 1, true}), "only an add can work in place");
  ExpectRefused(Fused({PostOp::Kind::kAdd, 6, false}), "the operand %6 is not made before it is read");
  ExpectRefused(Fused({PostOp::Kind::kScale, 0, false}), "the absorbed scale must be float32[4]");
  ExpectRefused(Fused({PostOp::Kind::kResult}), "and 2 results, received 2 and 1");
  Program program = Small();
  program.nodes[1].post_ops.push_back({PostOp::Kind::kRelu, kNoValue, false});
  ExpectRefused(program, "this op cannot absorb others");
}

TEST(Verify, ChecksSecondResults) {
  Builder b;
  const ValueId x = b.Input("x", Float({1, 4, 4, 4}));
  const ValueId other = b.Op(AbsAttrs{}, {x});
  const ValueId scale = b.Variable("scale", Float({4}));
  b.Output("y", b.Conv(x, 1, 4));
  Program program = b.Take();
  const ValueId second = program.AddValue(Float({1, 4, 4, 4}), 1);
  Node& conv = program.nodes.back();
  conv.outputs.push_back(second);
  conv.post_ops = {{PostOp::Kind::kAdd, other, true}, {PostOp::Kind::kResult}, {PostOp::Kind::kScale, scale}};
  EXPECT_NO_THROW(Verify(program));
  const std::vector<PostOp> good = conv.post_ops;
  conv.post_ops.push_back({PostOp::Kind::kResult});
  ExpectRefused(program, "two results at most");
  conv.post_ops = {{PostOp::Kind::kResult}, {PostOp::Kind::kAdd, other, true}};
  ExpectRefused(program, "cannot take the memory of what is added");
  conv.post_ops = good;
  program.values[static_cast<size_t>(second)].type.shape[3] = 5;
  ExpectRefused(program, "the inputs give float32[1,4,4,4]", ErrorCode::kShape);
}

TEST(Verify, LetsAnAddOverwriteOnlyWhatNobodyNeeds) {
  ExpectRefused(Fused({PostOp::Kind::kAdd, 2, true}),
                "the add overwrites %2, which others need");                     // read by the add behind
  ExpectRefused(Fused({PostOp::Kind::kAdd, 0, true}), "the add overwrites %0");  // an input
  Builder b;
  const ValueId x = b.Input("x", Float({1, 4, 4, 4}));
  const ValueId other = b.Op(AbsAttrs{}, {x});
  const ValueId y = b.Conv(x, 1, 4);
  b.Output("y", y);
  Program program = b.Take();
  Node& conv = program.nodes.back();
  conv.post_ops.push_back({PostOp::Kind::kAdd, other, true});
  EXPECT_NO_THROW(Verify(program));
  conv.post_ops.push_back({PostOp::Kind::kAdd, other, true});
  ExpectRefused(program, "only one add can work in place");
  conv.post_ops.pop_back();
  conv.inputs[0] = other;
  ExpectRefused(program, "the add overwrites %1");
  conv.inputs[0] = x;
  program.outputs.push_back({"other", other});
  ExpectRefused(program, "the add overwrites %1");
}

TEST(Verify, KeepsThePrologueInFront) {
  Program program = Small();
  program.nodes[1].prologue = true;
  ExpectRefused(program, "a node of the prologue stands behind a node of the main part");
  program = Small();
  program.nodes[0].prologue = true;
  ExpectRefused(program, "the prologue cannot hold this op");
}

// x [4,width] -> microbatch_slice -> relu -> microbatch_concat -> abs, in two repetitions.
Program WithMicrobatchLoop(int64_t width = 3) {
  Builder b;
  const ValueId x = b.Input("x", Float({4, width}));
  const ValueId y = b.Op(ReluAttrs{}, {b.Op(MicrobatchSliceAttrs{2}, {x})});
  b.Output("y", b.Op(AbsAttrs{}, {b.Op(MicrobatchConcatAttrs{2}, {y})}));
  return b.TakeUnchecked();
}

TEST(Verify, WantsSlicesAndConcatsAtTheEndsOfAMicrobatchLoop) {
  EXPECT_NO_THROW(Verify(WithMicrobatchLoop()));
  // Parts of a part, a whole made of no parts, and two counts.
  Builder twice;
  const ValueId part = twice.Op(MicrobatchSliceAttrs{2}, {twice.Input("x", Float({4, 3}))});
  twice.Output("y", twice.Op(MicrobatchSliceAttrs{2}, {part}));
  ExpectRefused(twice.TakeUnchecked(), "it does not stand at an end of the microbatch loop");
  Builder never;
  never.Output("y", never.Op(MicrobatchConcatAttrs{2}, {never.Input("x", Float({4, 3}))}));
  ExpectRefused(never.TakeUnchecked(), "it does not stand at an end of the microbatch loop");
  Builder uneven;
  uneven.Output("y", uneven.Op(MicrobatchSliceAttrs{2}, {uneven.Input("x", Float({4, 3}))}));
  uneven.Output("z", uneven.Op(MicrobatchSliceAttrs{4}, {uneven.Input("z", Float({4, 3}))}));
  ExpectRefused(uneven.TakeUnchecked(), "it does not stand at an end of the microbatch loop");
}

TEST(Verify, LetsNothingOutOfAMicrobatchLoopButThroughConcats) {
  Program program = WithMicrobatchLoop();
  program.outputs[0].value = 2;
  ExpectRefused(program, "The output y is %2, which is a part of a batch");
  program = WithMicrobatchLoop();
  program.nodes[4].inputs[0] = 2;
  program.values[4].type.shape = {2, 3};
  ExpectRefused(program, "abs (abs_3): a node of the microbatch loop stands behind a node that runs once");
}

TEST(Verify, LetsAMicrobatchLoopComeFirstAndHoldWhatIsBatchwise) {
  Program program = WithMicrobatchLoop(2);
  program.nodes[2].op = OpKind::kTranspose;
  program.nodes[2].attrs = TransposeAttrs{{1, 0}};
  ExpectRefused(program, "the microbatch loop cannot hold this op");
  program = WithMicrobatchLoop();
  program.nodes[4].inputs[0] = 0;
  std::rotate(program.nodes.begin() + 1, program.nodes.begin() + 4, program.nodes.end());
  ExpectRefused(program, "a node of the microbatch loop stands behind a node that runs once");
}

}  // namespace
}  // namespace slimnet::testing
